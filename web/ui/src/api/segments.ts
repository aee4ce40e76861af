import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { get, post, seg } from "./client";
import type { Contact, Paged, SegmentCount, SegmentListed, SegmentShown, Sweep } from "./types";

export const segmentsQuery = queryOptions({
  queryKey: ["flows", "segments"],
  queryFn: ({ signal }) => get<{ segments: SegmentListed[] }>("/segments", undefined, signal),
});

export const segmentQuery = (id: string) =>
  queryOptions({
    queryKey: ["flows", "segments", id],
    queryFn: ({ signal }) => get<SegmentShown>(`/segments/${seg(id)}`, undefined, signal),
    retry: false,
  });

const PAGE = 100;

/** Its contacts now, as it is in force. */
export const membersQuery = (id: string) =>
  infiniteQueryOptions({
    queryKey: ["contact", "members", id],
    queryFn: ({ pageParam, signal }) =>
      get<Paged & { contacts: Contact[] }>(`/segments/${seg(id)}/members`, { after: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

/** How many contacts a text would take. */
export const countText = (id: string, text: string) =>
  post<SegmentCount>("/segment-count", { document: { path: `${id}.yaml`, text } });

/** Slots that are going over a segment are looked at this often. */
const LOOK_MS = 5_000;

export const sweepsQuery = queryOptions({
  queryKey: ["flows", "sweeps"],
  queryFn: ({ signal }) => get<{ sweeps: Sweep[] }>("/sweeps", undefined, signal),
  refetchInterval: ({ state }) => (state.data?.sweeps.length ?? 0) > 0 && LOOK_MS,
});

/** Starts nobody else; runs that began go on. */
export const stopSweep = (sweep: string) => post("/sweeps/stop", { sweep });
