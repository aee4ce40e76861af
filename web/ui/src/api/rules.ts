import { queryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { RuleFile, UnmatchedGroup } from "./types";

export const rulesQuery = queryOptions({
  queryKey: ["rules"],
  queryFn: ({ signal }) => get<{ rules: RuleFile[] }>("/rules", undefined, signal),
  select: ({ rules }) => rules,
});

export const unmatchedQuery = queryOptions({
  queryKey: ["unmatched"],
  queryFn: ({ signal }) => get<{ groups: UnmatchedGroup[] }>("/messages/unmatched", { limit: 200 }, signal),
  select: ({ groups }) => groups,
});
