//! What the last runs of a flow say about one step: when it went well, when it failed, and the data it had.

import { useQueries, useQuery } from "@tanstack/react-query";
import { get, seg } from "~/api/client";
import { useCan } from "~/api/session";
import type { ContactDetail, Json, Run, RunDetail, StepPicture } from "~/api/types";
import type { Picture, Step } from "../model/model";
import type { Given } from "./alone";

/** How many of the last runs are looked at, and how many of those that failed. */
const LAST = 8;
const FAILED = 4;
/** Runs do not become others while a form is filled in. */
const FRESH_MS = 30_000;

export interface LastRun {
  run: Run;
  detail: RunDetail;
}

/** The last runs of a flow with what each did, the newest first; none for who may not read runs. */
export function useLastRuns(flow: string): LastRun[] {
  const enabled = useCan()("runs.read");
  const list = (status: string | undefined, limit: number) => ({
    queryKey: ["runs", "last", flow, status ?? "all"],
    queryFn: () => get<{ runs: Run[] }>("/runs", { flow, status, limit }),
    staleTime: FRESH_MS,
    retry: false,
    enabled: enabled && flow !== "",
  });
  const { data: all } = useQuery(list(undefined, LAST));
  const { data: failed } = useQuery(list("failed", FAILED));
  const runs = new Map([...(all?.runs ?? []), ...(failed?.runs ?? [])].map((run) => [run.id, run]));
  const newest = [...runs.values()].sort((a, b) => b.started_at.localeCompare(a.started_at));
  return useQueries({
    queries: newest.map(({ id, status }) => ({
      queryKey: ["run", id, status],
      queryFn: () => get<RunDetail>(`/runs/${seg(id)}`),
      staleTime: FRESH_MS,
      retry: false,
    })),
    combine: (answers) =>
      newest.flatMap((run, at): LastRun[] => {
        const detail = answers[at]?.data;
        return detail ? [{ run, detail }] : [];
      }),
  });
}

/** What a run says about a step: by its id, and of a step without by its place, if it is still of the same kind. */
export function inRun(detail: RunDetail, step: Step): StepPicture | undefined {
  const steps = detail.picture?.steps ?? [];
  if (step.id !== null) return steps.find(({ id }) => id === step.id);
  return steps.find(({ path, verb, id }) => id === null && path === step.path && verb === step.verb);
}

export interface Lasts {
  done: { at: string; run: string } | null;
  failed: { at: string; run: string; why: string } | null;
}

/** When a step last went well, and when it last failed. */
export function lastsOf(runs: readonly LastRun[], step: Step): Lasts {
  const lasts: Lasts = { done: null, failed: null };
  for (const { run, detail } of runs) {
    const own = inRun(detail, step);
    const at = own?.left_at ?? own?.entered_at;
    if (!own || !at) continue;
    if (own.state === "done") lasts.done ??= { at, run: run.id };
    if (own.state === "failed") lasts.failed ??= { at, run: run.id, why: own.error ?? "" };
  }
  return lasts;
}

/** The data that a run had when it came to a step. */
export async function givenBy(detail: RunDetail, picture: Picture): Promise<Given | null> {
  const { trigger } = detail;
  if (!trigger || typeof trigger.body !== "object" || trigger.body === null || Array.isArray(trigger.body)) return null;
  const person = detail.contact ? await get<ContactDetail>(`/contacts/${seg(detail.contact)}`).catch(() => null) : null;
  const outputs = new Map<string, Json>();
  for (const step of picture.steps.values()) {
    const own = inRun(detail, step);
    if (own?.output !== null && own?.output !== undefined) outputs.set(step.path, own.output as Json);
  }
  const fields = trigger.body as Record<string, Json>;
  return { type: trigger.type, fields, contact: person ? contactOf(person) : {}, outputs };
}

/** What is known of a customer, as a simulation takes it. */
function contactOf(person: ContactDetail): Record<string, Json> {
  const { name, phone, language, priority, order_status, fields, tags } = person;
  const told = { name, phone, language, priority, order_status };
  return {
    ...Object.fromEntries(Object.entries(told).filter(([, value]) => value)),
    fields: (fields ?? {}) as Json,
    tags: tags.map(({ tag }) => tag),
  };
}
