import { queryOptions } from "@tanstack/react-query";
import { ApiError, get, post, put, seg } from "./client";
import type { Flow, FlowState, ImportNeed, ImportPlan, LibraryFlow } from "./types";

export const flowsQuery = queryOptions({
  queryKey: ["flows"],
  queryFn: async ({ signal }) => {
    const { flows } = await get<{ flows: Flow[] }>("/flows", undefined, signal);
    return flows;
  },
});

export const switchFlow = (id: string, on: boolean, kind: "flows" | "rules" = "flows") =>
  put<{ state: string }>(`/${kind}/${seg(id)}/state`, { on });

/** Labels and folder: for people. */
export const arrangeFlow = (id: string, meta: { labels: string[]; folder: string }, revision: string) =>
  put<{ labels: string[]; folder: string; revision: string }>(`/flows/${seg(id)}/meta`, meta, revision);

/** Flows whose failed runs are alarms: told to whom the policy of alarms says, by mail and in chats. */
export const watchedQuery = queryOptions({
  queryKey: ["alarms", "watched"],
  queryFn: ({ signal }) => get<{ flows: string[] }>("/alarms/policy", undefined, signal),
  staleTime: 60_000,
  select: ({ flows }) => flows,
});
export const watchFlow = (id: string, on: boolean) => put<{ on: boolean }>(`/flows/${seg(id)}/alarm`, { on });

/** What flows name. */
export type NamedKind = "template" | "tag" | "team" | "connection" | "flow" | "segment";

/** A place where a document names something. */
export interface Use {
  flow: string;
  kind: "flow" | "rules" | "calendar" | "segment";
  /** The document's name. */
  name: string;
  state: FlowState;
  path: string;
  line: number;
  /** The step, or rule, in which that is. */
  step: { path: string; id: string | null; label: string; verb: string } | null;
}

export const usesQuery = (kind: NamedKind, name: string) =>
  queryOptions({
    queryKey: ["uses", kind, name],
    queryFn: ({ signal }) => get<{ uses: Use[] }>("/uses", { kind, name }, signal),
    select: ({ uses }) => uses,
  });

export type NewFlow =
  | { text: string; id?: string; name?: string }
  | { from: string | { flow: string }; id?: string; name?: string };

export const createFlow = (flow: NewFlow, kind: "flows" | "rules" | "segments" = "flows") =>
  post<{ id: string }>(`/${kind}`, flow);

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

export async function planImport(documents: ImportFile[]): Promise<ImportPlan> {
  const plan = await post<ImportPlan>("/workspace/plan", { documents });
  const { toldProblems } = await import("~/server");
  return { ...plan, problems: await toldProblems(plan.problems) };
}
/** What the documents need of this workspace, and which of it is here. */
export const needsOf = async (documents: ImportFile[]) =>
  (await post<{ needs: ImportNeed[] }>("/workspace/needs", { documents })).needs;
export const doImport = (documents: ImportFile[], publish: boolean) =>
  post<ImportPlan>("/workspace/import", { documents, publish });

/** A version by its id, with its text; versions never change. */
export const versionQuery = (flow: string, version: string) =>
  queryOptions({
    queryKey: ["version", flow, version],
    queryFn: ({ signal }) =>
      get<{ version: string; text: string }>(`/flows/${seg(flow)}/versions/${seg(version)}`, undefined, signal),
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });

/** An id from a name: what flows may be called is lower case letters, figures and dashes. */
export function idOf(name: string, kind = "flow"): string {
  const plain = name.normalize("NFKD").toLowerCase();
  const id = plain
    .replace(/[\u0300-\u036f]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return /^[a-z]/.test(id) ? id : `${kind}-${id || Date.now().toString(36)}`;
}

/** The id of the file of rules that somebody begins here. */
export const FIRST_RULES = "tag-rules";

/** Makes an empty file of rules, if there is none by that id yet. */
export async function beginRules(name: string): Promise<void> {
  const text = `format: 1\nrules: ${FIRST_RULES}\nname: ${JSON.stringify(name)}\nlist: []\n`;
  try {
    await createFlow({ text }, "rules");
  } catch (caught) {
    if (!(caught instanceof ApiError && caught.status === 409)) throw caught;
  }
}
