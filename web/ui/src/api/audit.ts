import { infiniteQueryOptions } from "@tanstack/react-query";
import { get, post } from "./client";
import type { JournalRow, Paged } from "./types";

export interface AuditFilter {
  by?: string;
  subject?: string;
  since?: string;
  /** `true`: only what people and their tools did. */
  people?: string;
}

const PAGE = 100;

export const auditQuery = (filter: AuditFilter) =>
  infiniteQueryOptions({
    queryKey: ["audit", filter],
    queryFn: ({ pageParam, signal }) =>
      get<Paged & { rows: JournalRow[] }>("/audit", { ...filter, after: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

export interface Proof {
  clean: boolean;
  blocks: number;
  rows: number;
  problems?: number;
  findings?: string[];
}

/** Proves that nobody changed the log, or says what does not fit. */
export const verifyAudit = () => post<Proof>("/audit/verify", {});
