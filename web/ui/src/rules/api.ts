//! What the page of tag rules asks the server.

import { get, post, seg } from "~/api/client";
import type { Json, Time } from "~/api/types";

export type Way = "gained" | "lost";
export type Because =
  | { kind: "not_in_force" | "no_rule" | "params" }
  | { kind: "fails"; message: string }
  | { kind: "false"; parts: string[] }
  | { kind: "stopped"; by: string }
  | { kind: "deaf"; event: string };

/** An event that a rule would treat differently. */
export interface Example {
  way: Way;
  event: string;
  at: Time;
  contact: string | null;
  text: string;
  why: string;
  saw: Json;
  changes: boolean;
  reason: Because;
}

export interface Counts {
  now: number;
  draft: number;
  gained: number;
  lost: number;
}

export interface TriedRule extends Counts {
  rule: string;
  failed: number;
  contacts: Counts;
  examples: Example[];
}

export interface Conflict {
  one: string;
  other: string;
  about: string;
  events: number;
  contacts: number;
  examples: { event: string; at: Time; contact: string | null; text: string }[];
}

export interface Tried {
  events: number;
  erased: number;
  assumed: number;
  reads_facts: boolean;
  seconds: number;
  rules: TriedRule[];
  conflicts: Conflict[];
  not_tried: string[];
  people: { contact: string; name: string }[];
}

/** What the text would have done differently from the rules in force; `days` back, or all that is stored. */
export const tryRules = (id: string, text: string, days: number | null) =>
  post<Tried>("/rules/backtest", { document: { path: `${id}.yaml`, text }, ...(days === null ? {} : { days }) });

/** What a version gave since it was put in force. */
export interface Given {
  rules: { rule: string; tag: string; contacts: number }[];
  contacts: number;
  /** The version that undoing puts in force again. */
  before: string | null;
}

export const givenSince = (id: string, version: string) => get<Given>(`/rules/${seg(id)}/given`, { version });

export interface Undone {
  version: string;
  /** The operations that take tags back. */
  changes: string[];
}

/** Puts the version before in force again; with `tags` those that the rules gave since are taken back. */
export const undoPublish = (id: string, version: string, tags: boolean, comment: string) =>
  post<Undone>(`/rules/${seg(id)}/undo`, { version, tags, comment });

/** Whom a rule in force would change among those who are there already. */
export interface Applied {
  contacts: number;
  have: number;
  examples: { contact: string; event: string; at: Time; text: string }[];
  people: { contact: string; name: string }[];
  change: string | null;
}

const span = (days: number | null) => (days === null ? {} : { days });

export const previewApply = (id: string, rule: string, days: number | null) =>
  post<Applied>(`/rules/${seg(id)}/apply/preview`, { rule, ...span(days) });
export const applyRule = (id: string, rule: string, days: number | null) =>
  post<Applied>(`/rules/${seg(id)}/apply`, { rule, ...span(days) });

/** An operation over the tags of many contacts. */
export interface TagChange {
  id: string;
  rule: string;
  what: "give" | "take_back";
  by: string;
  at: Time;
  total: number;
  done: number;
  changed: number;
  ended_at: Time | null;
}

export const tagChanges = (id: string) => get<{ changes: TagChange[] }>(`/rules/${seg(id)}/changes`);
