//! The state of one open document: its text, and what is drawn from it. The text is the only thing that is edited.

import { createContext, useContext } from "react";
import { createStore, type StoreApi, useStore } from "zustand";
import type { Problem, StepState } from "~/api/types";
import { difference, type Edited, problem, type Reason, Refused, read, type Source } from "~/yaml";
import { type Picture, picture } from "../model/model";
import { type Selection, type Stop, stopKey, stops } from "../model/walk";
import { EMPTY, type History, record, redo, undo } from "./history";

export type View = "canvas" | "outline" | "yaml" | "split";
/** Why the document can only be read. */
export type Closed = "file" | "locked" | "permission" | "version";

export interface EditorState extends Selection {
  source: Source;
  /** Of the last text that was YAML. */
  picture: Picture;
  /** Where the text is not YAML at the moment; the picture then stays and cannot be edited. */
  broken: { line: number; column: number; message: string } | null;
  history: History;
  collapsed: ReadonlySet<string>;
  compact: boolean;
  view: View;
  /** As they were last found; `shownProblems` are those that still stand. */
  problems: readonly Problem[];
  /** The step that was just added, as long as one stays at it. */
  fresh: string | null;
  closed: Closed | null;
  /** A run or a test that is painted on the steps. */
  painted: Readonly<Record<string, StepState>> | null;
  /** What the live region says; the number makes the same words said again. */
  said: { words: string; count: number };
  /** Asks the inspector, the canvas or the outline to take the focus. */
  wanted: { what: "inspector" | "stop"; count: number };
}

export type EditorStore = StoreApi<EditorState>;

export interface Making {
  /** What is selected afterwards; without, what was. */
  stop?: Stop | null;
  /** The same, where it is known only when the edit was made. */
  selects?: () => Selection;
  burst?: string;
}

/** The store of a document. */
export function createEditor(text: string, closed: Closed | null = null): EditorStore {
  const source = read(text);
  const broken = problem(source);
  return createStore<EditorState>(() => ({
    source,
    picture: picture(broken ? read("") : source),
    broken,
    history: EMPTY,
    stop: null,
    many: [],
    collapsed: new Set(),
    compact: false,
    view: "canvas",
    problems: [],
    fresh: null,
    closed,
    painted: null,
    said: { words: "", count: 0 },
    wanted: { what: "stop", count: 0 },
  }));
}

/** Whether the document can be edited in the picture and in forms. */
export function isOpen(state: EditorState): boolean {
  return state.closed === null && state.broken === null;
}

/** Makes an edit; gives why not, if it is refused, and then nothing has changed. */
export function edit(
  store: EditorStore,
  make: (source: Source) => Edited,
  { stop, selects, burst }: Making = {},
): Reason | null {
  const state = store.getState();
  if (state.closed) return "invalid";
  try {
    const edited = make(state.source);
    if (edited.batches.length === 0) {
      if (stop !== undefined) select(store, stop);
      return null;
    }
    const after = selects?.() ?? (stop === undefined ? selectionOf(state) : chosen(stop));
    const about = { before: selectionOf(state), after, burst: burst ?? null, at: Date.now() };
    const history = record(state.history, state.source.text, edited.batches, about);
    store.setState({ ...drawn(edited.source, state), history, ...after });
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.reason;
    throw error;
  }
}

/** Takes a text as a whole, as the YAML view gives it with each key. */
export function setText(store: EditorStore, text: string, burst: string | null = "typing"): void {
  const state = store.getState();
  if (state.closed || text === state.source.text) return;
  const about = { before: selectionOf(state), after: chosen(state.stop), burst, at: Date.now() };
  const history = record(state.history, state.source.text, [[difference(state.source.text, text)]], about);
  store.setState({ ...drawn(read(text), state), history });
}

export function undoEdit(store: EditorStore): boolean {
  return goBack(store, undo, "before");
}

export function redoEdit(store: EditorStore): boolean {
  return goBack(store, redo, "after");
}

function goBack(store: EditorStore, way: typeof undo, which: "before" | "after"): boolean {
  const state = store.getState();
  const done = state.closed ? null : way(state.history, state.source.text);
  if (!done) return false;
  store.setState({ ...drawn(read(done.text), state), history: done.history, ...done.entry[which] });
  return true;
}

/** The text of another origin (the server's, another version's) in place of ours, with nothing to undo. */
export function replaceText(store: EditorStore, text: string): void {
  const state = store.getState();
  if (text !== state.source.text) store.setState({ ...drawn(read(text), state), history: EMPTY });
}

export function select(store: EditorStore, stop: Stop | null): void {
  store.setState({ ...chosen(stop), fresh: stillFresh(store, stop) });
}

/** Whoever goes away from a new step is done with it. */
function stillFresh(store: EditorStore, stop: Stop | null): string | null {
  const { fresh } = store.getState();
  return stop && stopKey(stop) === fresh ? fresh : null;
}

/** Selects, and asks for the focus to go there. */
export function goTo(store: EditorStore, stop: Stop, what: "inspector" | "stop" = "stop"): void {
  const { wanted } = store.getState();
  store.setState({ ...chosen(stop), fresh: stillFresh(store, stop), wanted: { what, count: wanted.count + 1 } });
}

/** Asks for the focus to go to what is selected. */
export function focusStop(store: EditorStore): void {
  store.setState(({ wanted }) => ({ wanted: { what: "stop", count: wanted.count + 1 } }));
}

export function say(store: EditorStore, words: string): void {
  store.setState(({ said }) => ({ said: { words, count: said.count + 1 } }));
}

export function toggleCollapsed(store: EditorStore, path: string): void {
  const collapsed = new Set(store.getState().collapsed);
  if (!collapsed.delete(path)) collapsed.add(path);
  store.setState({ collapsed });
}

function chosen(stop: Stop | null): Selection {
  return { stop, many: [] };
}

function selectionOf({ stop, many }: Selection): Selection {
  return { stop, many };
}

/** What follows from a text: its picture, unless it is broken, and what of the selection is still there. */
function drawn(source: Source, before: EditorState): Partial<EditorState> {
  const broken = problem(source);
  if (broken) return { source, broken };
  const now = picture(source, before.broken ? undefined : before);
  const key = before.stop && stopKey(before.stop);
  const there = key !== null && stops(now, new Set()).some((stop) => stopKey(stop) === key);
  return { source, broken: null, picture: now, ...chosen(there ? before.stop : null) };
}

export const EditorContext = createContext<EditorStore | null>(null);

/** The store of the document this component is part of. */
export function useEditorStore(): EditorStore {
  const store = useContext(EditorContext);
  if (!store) throw new Error("no editor around this component");
  return store;
}

export function useEditor<T>(choose: (state: EditorState) => T): T {
  return useStore(useEditorStore(), choose);
}
