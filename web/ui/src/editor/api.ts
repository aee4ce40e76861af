//! What the editor asks the server: `studio` of the API.

import { call, get, post, put, seg } from "~/api/client";
import type { Draft, Json, Problem, Review, Time } from "~/api/types";
import { toldOutcomes, toldProblems, toldWords } from "~/server";

export type DocumentKind = "flows" | "rules" | "segments";

/** A JSON Schema, as far as forms read it. */
export interface Schema {
  type?: string | string[];
  description?: string;
  default?: Json;
  const?: Json;
  enum?: Json[];
  oneOf?: Schema[];
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  pattern?: string;
  $ref?: string;
  $defs?: Record<string, Schema>;
  "x-format"?: string;
  "x-type"?: string;
}

export interface ActionSpec {
  name: string;
  about: string;
  input: Schema;
  output: Schema;
  sample: Json;
  needs_window: boolean;
  reply: boolean;
  repeat: string;
}

export interface TriggerSpec {
  name: string;
  about: string;
  params: Schema;
  event: Schema;
  sample: Json;
  in_conversation: boolean;
}

export interface Catalog {
  actions: Record<string, ActionSpec>;
  triggers: Record<string, TriggerSpec>;
  serves: Record<string, string[]>;
}

export const catalogQuery = {
  queryKey: ["catalog"],
  queryFn: () => get<Catalog>("/catalog"),
  staleTime: Number.POSITIVE_INFINITY,
};

export interface Lock {
  by: string;
  since: Time;
  yours: boolean;
}

export interface Saved {
  revision: string;
  problems: Problem[];
  changed_at: Time;
}

/** Its problems in the language of the app. */
const told = async <T extends { problems: Problem[] }>(answer: T): Promise<T> => ({
  ...answer,
  problems: await toldProblems(answer.problems),
});

const at = (kind: DocumentKind, id: string) => `/${kind}/${seg(id)}`;

/** Which window of a person edits: another one of theirs is somebody else to the lock. One that is loaded anew stays the same. */
const session = sessionStorage.getItem("window") ?? crypto.randomUUID();
sessionStorage.setItem("window", session);

export const readDraft = (kind: DocumentKind, id: string) => get<Draft>(`${at(kind, id)}/draft`, { session });
export const writeDraft = (kind: DocumentKind, id: string, text: string, revision: string) =>
  put<Saved>(`${at(kind, id)}/draft`, { text, session }, revision).then(told);
export const dropDraft = (kind: DocumentKind, id: string, revision: string) =>
  call<void>("DELETE", `${at(kind, id)}/draft`, { query: { session }, revision });
export const holdLock = (kind: DocumentKind, id: string, takeOver: boolean) =>
  put<{ lock: Lock }>(`${at(kind, id)}/lock`, { take_over: takeOver, session });
/** Also while the page is being closed. */
export const leaveLock = (kind: DocumentKind, id: string) =>
  call<void>("DELETE", `${at(kind, id)}/lock`, { body: { session }, keepalive: true });

/** Where a text is asked about: whoever may edit rules or segments need not be allowed to edit flows. */
const about = (text: string) =>
  `/${/^(rules|segment)[ \t]*:/m.exec(text)?.[1]?.replace("segment", "segments") ?? "flows"}`;

export const validate = (text: string) => post<{ problems: Problem[] }>(`${about(text)}/validate`, { text }).then(told);

export interface ScopeName {
  name: string;
  type: "text" | "time" | "integer" | "number" | "boolean" | "list" | "map" | "any";
  note: string;
  sure: boolean;
  sample?: Json;
  from: string;
}

export const scopeAt = (text: string, path: string) =>
  post<{ names: ScopeName[] }>(`${about(text)}/scope`, { text, path });

export interface ExpressionAnswer {
  problems: Problem[];
  ast: Json;
}

export const readExpression = (text: string, kind: "condition" | "template" | "value", flow: string, path: string) =>
  post<ExpressionAnswer>(`${about(flow)}/expression`, { text, kind, flow, path }).then(told);

export interface TimelineRow {
  at: Time;
  offset: string;
  path: string | null;
  /** A stable code: `event`, `started`, `condition`, `call`, `action`, `wait`, `woke`, `failed`, `ended` … */
  what: string;
  words: string;
  said?: unknown;
  saw?: Json;
  input?: Json;
  output?: Json;
  message?: PhoneMessage | null;
}

export interface PhoneMessage {
  to?: string | null;
  template?: string | null;
  text?: string | null;
  buttons?: string[] | null;
  /** Whether the provider took it; nothing while that is open. */
  sent?: boolean | null;
}

export interface Simulation {
  timeline: TimelineRow[];
  end: string | null;
  vars: Json;
  tags: string[];
  notes: { code: string; offset: string; path: string | null; words: string; said?: unknown }[];
  coverage: string[];
}

export interface Simulated {
  text: string;
  contact: Json;
  start: string;
  zone: string;
  events: { at: string; event: Record<string, Json> }[];
  fakes: Record<string, Json>;
  until?: string;
}

export async function simulate(what: Simulated): Promise<Simulation> {
  const lived = await post<Simulation>(`${about(what.text)}/simulate`, what);
  return { ...lived, timeline: await toldWords(lived.timeline), notes: await toldWords(lived.notes) };
}

export interface TestResult {
  name: string;
  passed: boolean;
  /** What was not as expected; what differs stands in lines of its own. */
  failures: string[];
  line: number;
}

export interface TestRun {
  passed: number;
  failed: number;
  tests: TestResult[];
}

export async function runTests(text: string): Promise<TestRun> {
  const run = await post<TestRun>(`${about(text)}/test`, { text });
  return { ...run, tests: await toldOutcomes(run.tests) };
}

/** How often something happens as the flow is in force, and in the draft; counted in events. */
export interface Count {
  what: string;
  now: number;
  draft: number;
  gained: number;
  lost: number;
}

/** What a draft would have done with what came in. */
export interface Past {
  /** From when on; nothing = with all that is stored. */
  since: Time | null;
  events: number;
  /** Calls whose answers nobody knows, which were made up. */
  calls_assumed: number;
  starts: Count;
  actions: Count[];
}

export const tryOnPast = (id: string, text: string, days: number | null) =>
  post<Past>("/flows/backtest", { document: { path: id, text }, ...(days === null ? {} : { days }) });

export interface Version {
  version: string;
  /** Counts the versions of the document, from 1. */
  number: number;
  hash: string;
  state: string;
  published_at: Time;
  by: string | null;
  /** Who wrote it, in the order of their first change; nobody when it was no draft here. */
  authors: string[];
  comment: string | null;
}

export const versions = (kind: DocumentKind, id: string) => get<{ versions: Version[] }>(`${at(kind, id)}/versions`);
export const versionText = (kind: DocumentKind, id: string, version: string) =>
  get<Version & { text: string }>(`${at(kind, id)}/versions/${seg(version)}`);

export interface Change {
  kind: "added" | "removed" | "changed" | "moved" | "renamed";
  path_old: string | null;
  path_new: string | null;
  /** What it is called: its name, else its id, else what it does. */
  label: string;
  /** Of a step. */
  verb?: string;
  /** The field that changed, with `/` between keys. */
  field: string | null;
  old?: Json;
  new?: Json;
}

export const diff = (old: string, now: string) =>
  post<{ changes: Change[]; meaning_changed: boolean }>(`${about(now)}/diff`, { old, new: now });

export interface Publishing {
  revision: string;
  comment: string;
  /** The version it was compared with: when another one is in force by then, nothing is published. */
  over: string | null;
  /** What becomes of runs that wait, by step; others become what their step says. */
  waiting: Record<string, OnPublish>;
}

export const publish = (kind: DocumentKind, id: string, what: Publishing) =>
  post<{ version: string }>(`${at(kind, id)}/publish`, { ...what, session });
export const rollBack = (kind: DocumentKind, id: string, version: string, comment: string) =>
  post<{ version: string }>(`${at(kind, id)}/rollback`, { version, comment });

/** Asks for the approval of a second person, or answers; for just this revision. */
export const review = (
  kind: DocumentKind,
  id: string,
  action: "ask" | "approve" | "decline",
  revision: string,
  comment: string,
) => post<{ review: Review }>(`${at(kind, id)}/review`, { action, revision, comment });

export interface WaitingPlace {
  path: string | null;
  step: string;
  /** The step's name, else what it does. */
  label?: string | null;
  verb?: string | null;
  version: string;
  count: number;
  next_due: Time | null;
  on_publish: OnPublish;
}

/** What becomes of runs that wait when another version is published. */
export type OnPublish = "finish" | "continue" | "stop";

export const waiting = (kind: DocumentKind, id: string) =>
  get<{ places: WaitingPlace[]; runs: number }>(`${at(kind, id)}/waiting`);
