//! Several steps that stand one behind the other, put into a step around them: a condition, a branch, a loop.

import {
  type Edited,
  formatPath,
  freeId,
  idsOf,
  insertItems,
  moveItems,
  parsePath,
  type Source,
  snippetOf,
  type Value,
} from "~/yaml";
import { type Outcome, orderFor } from "./commands";
import { type EditorStore, edit, goTo } from "./editor";
import { inRow } from "./selection";

/** What steps can be put into. */
export type Around = "if" | "parallel" | "for_each";

/** Written so that no object has a literal `then`, which promises look for. */
const THEN = "then";
const MADE: Record<Around, (id: string) => { step: Value; lane: string[] }> = {
  if: () => ({ step: { if: "", [THEN]: [] }, lane: [THEN] }),
  parallel: () => ({ step: { parallel: { first: [], second: [] } }, lane: ["parallel", "first"] }),
  for_each: (id) => ({ step: { id, for_each: "", steps: [] }, lane: ["steps"] }),
};

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

/** Puts steps that stand one behind the other, with their comments, into a new step, whose settings are opened. */
export function wrapSteps(store: EditorStore, paths: readonly string[], around: Around): Outcome {
  const { picture, source } = store.getState();
  const row = inRow(picture, paths);
  const [first] = row ?? [];
  if (!row || !first) return "apart";
  const list = parsePath(first.list);
  const { step, lane } = MADE[around](freeId("items", idsOf(source)));
  const inside = [...list, String(first.index), ...lane];
  const order = orderFor(picture, list);
  const items = row.map(({ index }) => ({ list, index: index + 1 }));
  const makes = [
    (now: Source) => insertItems(now, list, first.index, snippetOf(step), order),
    (now: Source) => moveItems(now, items, inside, 0),
  ];
  const stop = { kind: "step" as const, path: formatPath([...list, String(first.index)]) };
  const refused = edit(store, (now) => oneAfterTheOther(now, makes), { stop });
  if (refused === null) goTo(store, stop, "inspector");
  return refused;
}
