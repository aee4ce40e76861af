//! Undo and redo: the inverse splices of every edit, whichever view it came from.

import { apply, invert, type Splice } from "~/yaml";
import type { Selection } from "../model/walk";

/** One thing to undo. */
export interface Entry {
  /** Applied one after the other. */
  forward: readonly (readonly Splice[])[];
  backward: readonly (readonly Splice[])[];
  /** What was selected before, and what after. */
  before: Selection;
  after: Selection;
  /** Edits of one burst, such as keys typed into one field, are undone at once. */
  burst: string | null;
  at: number;
}

export interface History {
  readonly undo: readonly Entry[];
  readonly redo: readonly Entry[];
}

export const EMPTY: History = { undo: [], redo: [] };
/** Edits of one burst that are further apart than this are two things to undo. */
export const BURST_MS = 500;

/** Adds an edit of `text`; what was undone before it can no longer be redone. */
export function record(
  history: History,
  text: string,
  batches: readonly (readonly Splice[])[],
  about: Pick<Entry, "before" | "after" | "burst" | "at">,
): History {
  let now = text;
  const backward: Splice[][] = [];
  for (const splices of batches) {
    backward.unshift(invert(now, splices));
    now = apply(now, splices);
  }
  const entry: Entry = { ...about, forward: batches, backward };
  const last = history.undo.at(-1);
  const joins = last && about.burst !== null && last.burst === about.burst && about.at - last.at <= BURST_MS;
  if (!joins) return { undo: [...history.undo, entry], redo: [] };
  const joined: Entry = {
    ...entry,
    before: last.before,
    forward: [...last.forward, ...entry.forward],
    backward: [...entry.backward, ...last.backward],
  };
  return { undo: [...history.undo.slice(0, -1), joined], redo: [] };
}

/** Takes the last edit back. */
export function undo(history: History, text: string): { history: History; text: string; entry: Entry } | null {
  const entry = history.undo.at(-1);
  if (!entry) return null;
  const next = { undo: history.undo.slice(0, -1), redo: [...history.redo, entry] };
  return { history: next, text: entry.backward.reduce(apply, text), entry };
}

/** Makes the edit again that was taken back last. */
export function redo(history: History, text: string): { history: History; text: string; entry: Entry } | null {
  const entry = history.redo.at(-1);
  if (!entry) return null;
  // A burst that was undone is over: what follows is undone by itself.
  const next = { undo: [...history.undo, { ...entry, burst: null }], redo: history.redo.slice(0, -1) };
  return { history: next, text: entry.forward.reduce(apply, text), entry };
}
