import { queryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { RuleFile } from "./types";

export const rulesQuery = queryOptions({
  queryKey: ["rules"],
  queryFn: ({ signal }) => get<{ rules: RuleFile[] }>("/rules", undefined, signal),
  select: ({ rules }) => rules,
});
