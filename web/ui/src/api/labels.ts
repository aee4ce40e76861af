import { queryOptions } from "@tanstack/react-query";
import { get, post, put, seg } from "./client";
import type { MarkedMessage, MessageToMark, RulesMeasured } from "./types";

export type Measured = RulesMeasured;

export const labelsQuery = queryOptions({
  queryKey: ["labels", "marked"],
  queryFn: ({ signal }) => get<{ labels: MarkedMessage[]; most: number }>("/labels", undefined, signal),
});

export const offeredQuery = (rules: string) =>
  queryOptions({
    queryKey: ["labels", "offered", rules],
    queryFn: ({ signal }) => get<{ messages: MessageToMark[]; tags: string[] }>("/labels/offered", { rules }, signal),
  });

/** Tags a message should give and should not; none takes it out of the set. */
export const markMessage = (event: string, tags: Record<string, boolean>) =>
  put<{ labels: MarkedMessage[] }>(`/labels/${seg(event)}`, { tags });

export const measure = (id: string, text: string) =>
  post<Measured>("/labels/accuracy", { document: { path: `${id}.yaml`, text } });
