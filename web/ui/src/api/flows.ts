import { queryOptions } from "@tanstack/react-query";
import { del, get, post, put, seg } from "./client";
import type { Draft, Flow, ImportPlan, LibraryFlow, Problem } from "./types";

type Row = Omit<Flow, "id" | "version"> & { id?: string; version?: string };

export const flowsQuery = queryOptions({
  queryKey: ["flows"],
  queryFn: async ({ signal }) => {
    const { flows } = await get<{ flows: Row[] }>("/flows", undefined, signal);
    return flows.map((row) => ({ ...row, id: row.id ?? row.flow ?? "" }) as Flow);
  },
});

export const switchFlow = (id: string, on: boolean, kind: "flows" | "rules" = "flows") =>
  put<{ state: string }>(`/${kind}/${seg(id)}/state`, { on });

export type NewFlow =
  | { text: string; id?: string; name?: string }
  | { from: string | { flow: string }; id?: string; name?: string };

export const createFlow = (flow: NewFlow) => post<{ id: string }>("/flows", flow);
export const deleteFlow = (id: string) => del(`/flows/${seg(id)}`);

export const libraryQuery = queryOptions({
  queryKey: ["library"],
  queryFn: ({ signal }) => get<{ flows: LibraryFlow[] }>("/library", undefined, signal),
  staleTime: Number.POSITIVE_INFINITY,
  select: ({ flows }) => flows,
});

export interface ImportFile {
  path: string;
  text: string;
}

export const planImport = (documents: ImportFile[]) => post<ImportPlan>("/workspace/plan", { documents });
export const doImport = (documents: ImportFile[], publish: boolean) =>
  post<ImportPlan>("/workspace/import", { documents, publish });

type Kind = "flows" | "rules";

export const draftQuery = (kind: Kind, id: string) =>
  queryOptions({
    queryKey: ["draft", kind, id],
    queryFn: ({ signal }) => get<Draft>(`/${kind}/${seg(id)}/draft`, undefined, signal),
  });

export interface Saved {
  revision: string;
  problems: Problem[];
  changed_at: string;
}

export const saveDraft = (kind: Kind, id: string, text: string, revision: string) =>
  put<Saved>(`/${kind}/${seg(id)}/draft`, { text }, revision);
export const dropDraft = (kind: Kind, id: string) => del(`/${kind}/${seg(id)}/draft`);
export const publish = (kind: Kind, id: string, revision: string, comment: string) =>
  post<{ version: string }>(`/${kind}/${seg(id)}/publish`, { revision, comment });
