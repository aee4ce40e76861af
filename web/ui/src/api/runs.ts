import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get, post, seg } from "./client";
import type { Call, Json, Paged, Run, RunDetail } from "./types";

/** What a list of runs may be narrowed by; empty values are left out. */
export interface RunFilter {
  text?: string;
  status?: string;
  flow?: string;
  version?: string;
  contact?: string;
  since?: string;
}

const PAGE = 100;

export const runsQuery = (filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", filter],
    queryFn: ({ pageParam, signal }) =>
      get<Paged & { runs: Run[] }>("/runs", { ...filter, after: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

export const runQuery = (id: string) =>
  queryOptions({
    queryKey: ["run", id],
    queryFn: ({ signal }) => get<RunDetail>(`/runs/${seg(id)}`, undefined, signal),
  });

export const cancelRun = (id: string) => post(`/runs/${seg(id)}/cancel`, {});
/** From the step that failed, as a new run; `input` in place of the step's own. */
export const retryRun = (id: string, input?: Json) =>
  post<{ run?: string }>(`/runs/${seg(id)}/retry`, input === undefined ? {} : { input });
export const replayRun = (id: string) => post<{ run?: string }>(`/runs/${seg(id)}/replay`, {});

/** Cancels or retries all runs of a flow or a contact. */
export const runsInBulk = (what: { flow?: string; contact?: string; status?: string; do: "cancel" | "retry" }) =>
  post<{ done: number; refused: { run: string; why: string; said: unknown }[]; more: boolean }>("/runs/bulk", what);

export const attentionQuery = infiniteQueryOptions({
  queryKey: ["attention"],
  queryFn: ({ pageParam, signal }) =>
    get<Paged & { calls: Call[] }>("/attention", { after: pageParam, limit: PAGE }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next ?? null,
});

export const retryCall = (id: string, input?: Json) =>
  post(`/attention/${seg(id)}/retry`, input === undefined ? {} : { input });
export const failCall = (id: string) => post(`/attention/${seg(id)}/fail`, {});
/** It did happen; later steps read `output`. */
export const settleCall = (id: string, output: Json) => post(`/attention/${seg(id)}/settle`, { output });
