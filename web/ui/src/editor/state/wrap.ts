//! Several steps that stand one behind the other, put into a step around them: a condition, a branch, a loop.

import {
  type Edited,
  formatPath,
  freeId,
  idsOf,
  insertItems,
  moveItem,
  parsePath,
  type Source,
  snippetOf,
  type Value,
} from "~/yaml";
import type { Picture, Step } from "../model/model";
import { type Outcome, orderFor } from "./commands";
import { type EditorStore, edit, goTo } from "./editor";

/** What steps can be put into. */
export type Around = "if" | "parallel" | "for_each";

/** Written so that no object has a literal `then`, which promises look for. */
const THEN = "then";
const MADE: Record<Around, (id: string) => { step: Value; lane: string[] }> = {
  if: () => ({ step: { if: "", [THEN]: [] }, lane: [THEN] }),
  parallel: () => ({ step: { parallel: { first: [], second: [] } }, lane: ["parallel", "first"] }),
  for_each: (id) => ({ step: { id, for_each: "", steps: [] }, lane: ["steps"] }),
};

/** Steps in a row: the selected one and those behind it that are selected with it. */
export function rowOf(picture: Picture, path: string, more: number): Step[] {
  const first = picture.steps.get(path);
  if (!first) return [];
  const row = Array.from({ length: more + 1 }, (_, at) => picture.steps.get(`${first.list}/${first.index + at}`));
  return row.filter((step) => step !== undefined);
}

/** Several edits as one. */
export function oneAfterTheOther(source: Source, makes: readonly ((source: Source) => Edited)[]): Edited {
  const batches: Edited["batches"][number][] = [];
  let now = source;
  for (const make of makes) {
    const edited = make(now);
    now = edited.source;
    batches.push(...edited.batches);
  }
  return { source: now, batches };
}

/** Puts a row of steps, with their comments, into a new step, whose settings are opened. */
export function wrapSteps(store: EditorStore, path: string, more: number, around: Around): Outcome {
  const { picture, source } = store.getState();
  const row = rowOf(picture, path, more);
  const [first] = row;
  if (!first) return "missing";
  const list = parsePath(first.list);
  const { step, lane } = MADE[around](freeId("items", idsOf(source)));
  const inside = [...list, String(first.index), ...lane];
  const order = orderFor(picture, list);
  const makes = [
    (now: Source) => insertItems(now, list, first.index, snippetOf(step), order),
    ...row.map((_, at) => (now: Source) => moveItem(now, list, first.index + 1, inside, at)),
  ];
  const stop = { kind: "step" as const, path: formatPath([...list, String(first.index)]) };
  const refused = edit(store, (now) => oneAfterTheOther(now, makes), { stop });
  if (refused === null) goTo(store, stop, "inspector");
  return refused;
}
