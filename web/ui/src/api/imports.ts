import { queryOptions } from "@tanstack/react-query";
import { get, post, seg, upload } from "./client";
import type { ContactImport, ImportPreview } from "./types";

/** How a file is read and brought in; what is left out is found. */
export interface ImportAsked {
  reading?: { encoding?: string; separator?: string };
  columns?: string[];
  country?: string;
  only_empty?: boolean;
  starts?: boolean;
}

/** Bytes of one part. */
const PART = 4 * 1024 * 1024;
const LOOK_MS = 1_000;

/** Sends a file in parts and gives the import's id; `progress` is told how much of it is there, 0 to 1. */
export async function sendFile(file: File, progress: (part: number) => void): Promise<string> {
  const { id } = await post<{ id: string }>("/imports", { name: file.name });
  for (let at = 0; at < file.size; at += PART) {
    await upload(`/imports/${seg(id)}/bytes`, { at }, file.slice(at, at + PART));
    progress(Math.min(1, (at + PART) / file.size));
  }
  return id;
}

export const lookAt = (id: string, asked: ImportAsked) => post<ImportPreview>(`/imports/${seg(id)}/preview`, asked);
export const beginImport = (id: string, asked: ImportAsked) => post<ContactImport>(`/imports/${seg(id)}/begin`, asked);
export const stopImport = (id: string) => post(`/imports/${seg(id)}/stop`);

/** Asked again and again while one goes on. */
export const importsQuery = queryOptions({
  queryKey: ["contact", "imports"],
  queryFn: ({ signal }) => get<{ imports: ContactImport[] }>("/imports", undefined, signal),
  refetchInterval: ({ state }) => state.data?.imports.some((one) => one.state === "running") && LOOK_MS,
});

/** Where a file of contacts is. */
export function exportAddress(which: { segment?: string; tag?: string }): string {
  const parts = Object.entries(which).filter(([, value]) => value);
  return `/api/v1/contacts.csv?${new URLSearchParams(parts as [string, string][])}`;
}
