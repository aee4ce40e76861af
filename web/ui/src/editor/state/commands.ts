//! What can be done to the text, wherever it is asked for: the canvas, the outline, forms, keys. What is done to selected steps is
//! in `several`.

import {
  data,
  formatPath,
  freeId,
  idsOf,
  insertItems,
  parsePath,
  type Reason,
  Refused,
  read,
  readSnippet,
  removeKey,
  renameId,
  renameKey,
  type Snippet,
  type Source,
  setValue,
  snippetOf,
  type Value,
} from "~/yaml";
import type { Lane, Picture, Step } from "../model/model";
import { FLOW_KEYS, KEYS, REPEAT_KEYS, RULE_KEYS, THEN_KEYS } from "../model/verbs";
import type { Stop } from "../model/walk";
import { type EditorStore, edit } from "./editor";
import { rowFrom } from "./selection";

/** The outcome: nothing when it was done, else why not; `apart` when steps had to stand one behind the other. */
export type Outcome = Reason | "apart" | null;

/** In which order the keys beside `key` are written. */
export function orderFor(picture: Picture, path: readonly string[]): readonly string[] {
  if (path.length === 1) return FLOW_KEYS;
  if (path[0] === "list") return path.at(-2) === "then" ? THEN_KEYS : RULE_KEYS;
  const parent = path.slice(0, -1);
  const owner = picture.steps.get(formatPath(parent));
  if (owner?.verb) return KEYS[owner.verb];
  return parent.at(-1) === "repeat" ? REPEAT_KEYS : [];
}

/** Puts new steps before item `index` of a list and selects them. */
export function addSteps(store: EditorStore, list: string, index: number, values: readonly Value[]): Outcome {
  return insertSnippet(store, list, index, snippetOf(...values));
}

function insertSnippet(store: EditorStore, list: string, index: number, snippet: Snippet): Outcome {
  const { picture } = store.getState();
  const path = parsePath(list);
  const make = (source: Source) => insertItems(source, path, index, snippet, orderFor(picture, path));
  return edit(store, make, { selects: () => rowFrom(list, index, snippet.items.length) });
}

/** Puts steps from text before item `index` of a list; ids that are taken get new ones. */
export function pasteSteps(store: EditorStore, list: string, index: number, text: string): Outcome {
  try {
    return insertSnippet(store, list, index, unique(readSnippet(text), store.getState().source));
  } catch (error) {
    if (error instanceof Refused) return error.reason;
    throw error;
  }
}

/** Renames the ids of a snippet that a document already has, with all that speaks of them inside it. */
export function unique(snippet: Snippet, source: Source): Snippet {
  const taken = idsOf(source);
  let now = snippet;
  for (;;) {
    const inner = read(now.text);
    const clash = idsOf(inner).find((id) => taken.includes(id));
    if (!clash) return now;
    const fresh = freeId(clash, [...taken, ...idsOf(inner)]);
    const path = placeOfId(inner, clash);
    if (!path) return now;
    now = readSnippet(renameId(inner, path, fresh).source.text);
  }
}

/** Sets what is at a place of the text; `burst` groups the keys typed into one field. */
export function setAt(store: EditorStore, path: readonly string[], value: Value, burst?: string): Outcome {
  const { picture } = store.getState();
  return edit(store, (source) => setValue(source, path, value, orderFor(picture, path)), burst ? { burst } : {});
}

/** Takes a key away, if it is there. */
export function unset(store: EditorStore, path: readonly string[]): Outcome {
  return edit(store, (source) => removeKey(source, path));
}

export function renameAt(store: EditorStore, path: readonly string[], name: string): Outcome {
  return edit(store, (source) => renameKey(source, path, name));
}

/** Gives a step an id, or another one with all that speaks of it. */
export function setId(store: EditorStore, path: string, id: string): Outcome {
  const { picture, source } = store.getState();
  const step = picture.steps.get(path);
  if (!step) return "missing";
  const place = step.verb === "repeat" ? [...parsePath(path), "repeat"] : parsePath(path);
  if (step.id !== null && id !== "") return edit(store, (now) => renameId(now, place, id));
  if (id === "") return step.id === null ? null : unset(store, [...place, "id"]);
  if (idsOf(source).includes(id)) return "taken";
  return setAt(store, [...place, "id"], id);
}

export function siblingsOf(picture: Picture, list: string): number {
  let count = 0;
  for (const step of picture.steps.values()) if (step.list === list) count += 1;
  return count;
}

/** The step that a list belongs to. */
export function ownerOf(picture: Picture, list: string): Step | null {
  for (const step of picture.steps.values()) if (step.lanes.some((lane) => lane.path === list)) return step;
  return null;
}

/** The lane of a path, wherever it is. */
export function laneAt(picture: Picture, path: string): Lane | null {
  const section = picture.sections.find((lane) => lane.path === path);
  return section ?? ownerOf(picture, path)?.lanes.find((lane) => lane.path === path) ?? null;
}

/** Where a new step goes when something is selected: behind a step, into an empty branch, before the first step. */
export function placeAt(picture: Picture, stop: Stop | null, before = false): { list: string; index: number } {
  if (stop?.kind === "empty") return { list: stop.list, index: 0 };
  const step = stop?.kind === "step" ? picture.steps.get(stop.path) : undefined;
  if (step) return { list: step.list, index: before ? step.index : step.index + 1 };
  return { list: "steps", index: stop?.kind === "on" ? 0 : siblingsOf(picture, "steps") };
}

/** The place of the map whose `id` is this. */
function placeOfId(source: Source, id: string): string[] | null {
  const search = (value: unknown, path: string[]): string[] | null => {
    if (typeof value !== "object" || value === null) return null;
    if (!Array.isArray(value) && (value as Record<string, unknown>).id === id) return path;
    for (const [key, inner] of Object.entries(value)) {
      const found = search(inner, [...path, key]);
      if (found) return found;
    }
    return null;
  };
  return search(data(source), []);
}
