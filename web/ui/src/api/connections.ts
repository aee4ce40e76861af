import { queryOptions } from "@tanstack/react-query";
import { del, get, post, put, seg } from "./client";
import type { Connection, Finding, Json } from "./types";

export const connectionsQuery = queryOptions({
  queryKey: ["connections"],
  queryFn: ({ signal }) => get<{ connections: Connection[] }>("/connections", undefined, signal),
  select: ({ connections }) => connections,
});

export interface Findings {
  connection: string;
  good: boolean;
  findings: Finding[];
}

/** Whether the account works and has what it needs. */
export const checkConnection = (id: string) => post<Findings>(`/connections/${seg(id)}/check`).then(told);
/** Makes what is missing on the other side. */
export const setUpConnection = (id: string) => post<Findings>(`/connections/${seg(id)}/setup`).then(told);

async function told(found: Findings): Promise<Findings> {
  const { toldFindings } = await import("~/server");
  return { ...found, findings: await toldFindings(found.findings) };
}

export interface NewConnection {
  connector: string;
  settings: Record<string, Json>;
  /** Kept sealed and never shown again. */
  secrets: Record<string, string>;
}

export const saveConnection = (id: string, connection: NewConnection) => put(`/connections/${seg(id)}`, connection);

/** One that the connections file declares has no revision: it is changed there. */
interface Made {
  read_only: boolean;
  revision?: string;
}

export async function removeConnection(id: string): Promise<void> {
  const { revision } = await get<Made>(`/connections/${seg(id)}`);
  await del(`/connections/${seg(id)}`, undefined, revision ?? "0");
}
