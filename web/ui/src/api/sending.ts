import { queryOptions } from "@tanstack/react-query";
import { get, post } from "./client";
import type { Call, Stop } from "./types";

export const sendingQuery = queryOptions({
  queryKey: ["sending"],
  queryFn: ({ signal }) => get<{ stops: Stop[] }>("/sending", undefined, signal),
  select: ({ stops }) => stops,
  refetchInterval: 30_000,
});

/** `scope` is `all`, `channel:<connection>` or `flow:<id>`. */
export const stopSending = (scope: string) => post("/sending/stop", { scope });
export const releaseSending = (scope: string) => post<{ held: Call[] }>("/sending/release", { scope });
