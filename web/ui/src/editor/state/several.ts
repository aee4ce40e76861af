//! What can be done to selected steps, one or many: remove, move, copy, duplicate. Each is one thing to undo.

import {
  afterInsert,
  copyItems,
  type Edited,
  formatPath,
  type Item,
  insertItems,
  moveItems,
  parsePath,
  Refused,
  removeItems,
  type Source,
} from "~/yaml";
import type { Picture, Step } from "../model/model";
import type { Stop } from "../model/walk";
import { type Outcome, orderFor, ownerOf, siblingsOf, unique } from "./commands";
import { type EditorStore, edit } from "./editor";
import { inRow, rowFrom } from "./selection";

/** The steps at `paths` in the order given; nothing when one of them is not there. */
function stepsAt(picture: Picture, paths: readonly string[]): Step[] | null {
  const all = paths.map((path) => picture.steps.get(path)).filter((step) => step !== undefined);
  return all.length === paths.length && all.length > 0 ? all : null;
}

const itemOf = ({ list, index }: Step): Item => ({ list: parsePath(list), index });

/** Takes steps away; what comes after the first of them is selected, else what was before it. */
export function removeSteps(store: EditorStore, paths: readonly string[]): Outcome {
  const { picture } = store.getState();
  const steps = stepsAt(picture, paths);
  if (!steps) return "missing";
  return edit(store, (source) => removeItems(source, steps.map(itemOf)), { stop: neighbour(picture, steps) });
}

function neighbour(picture: Picture, gone: readonly Step[]): Stop {
  const [first] = gone as readonly [Step];
  const left = siblingsOf(picture, first.list) - gone.filter(({ list }) => list === first.list).length;
  if (left === 0) return { kind: "empty", list: first.list };
  return { kind: "step", path: `${first.list}/${Math.min(first.index, left - 1)}` };
}

/**
 * Moves steps that stand one behind the other up or down: past their neighbour; from the end of a branch out of it, behind or before
 * the step it belongs to.
 */
export function moveSteps(store: EditorStore, paths: readonly string[], by: 1 | -1): Outcome {
  const { picture } = store.getState();
  const row = inRow(picture, paths);
  const [first, last] = [row?.[0], row?.at(-1)];
  if (!first || !last) return stepsAt(picture, paths) ? "apart" : "missing";
  const target = by < 0 ? first.index - 1 : last.index + 2;
  if (target >= 0 && target <= siblingsOf(picture, first.list)) return moveStepsTo(store, paths, first.list, target);
  const owner = ownerOf(picture, first.list);
  return owner ? moveStepsTo(store, paths, owner.list, by < 0 ? owner.index : owner.index + 1) : "missing";
}

/** Moves steps, wherever they stand, one behind the other before step `gap` of a list, counted as it is now. */
export function moveStepsTo(store: EditorStore, paths: readonly string[], list: string, gap: number): Outcome {
  const { picture } = store.getState();
  const steps = stepsAt(picture, paths);
  if (!steps) return "missing";
  const row = inRow(picture, paths);
  const [first] = row ?? [];
  if (first && first.list === list && gap >= first.index && gap <= first.index + paths.length) return null;
  let place: readonly string[] = [];
  const to = parsePath(list);
  const make = (source: Source): Edited => {
    const moved = moveItems(source, steps.map(itemOf), to, gap, orderFor(picture, to));
    place = moved.place;
    return moved;
  };
  return edit(store, make, {
    selects: () => rowFrom(formatPath(place.slice(0, -1)), Number(place.at(-1)), steps.length),
  });
}

/** The text of steps, for the clipboard. */
export function copySteps(store: EditorStore, paths: readonly string[]): string | null {
  const { source, picture } = store.getState();
  const steps = stepsAt(picture, paths);
  try {
    return steps && copyItems(source, steps.map(itemOf)).text;
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

/** Puts copies behind the steps: in each list behind the last of its selected ones. */
export function duplicateSteps(store: EditorStore, paths: readonly string[]): Outcome {
  const { picture } = store.getState();
  const steps = stepsAt(picture, paths);
  if (!steps) return "missing";
  const lists = [...new Set(steps.map(({ list }) => list))];
  const groups = lists.map((list) => steps.filter((step) => step.list === list));
  // From below, so that no list moves before its turn.
  groups.sort((one, other) => steps.indexOf(other.at(-1) as Step) - steps.indexOf(one.at(-1) as Step));
  let made: string[] = [];
  const make = (start: Source): Edited => {
    made = [];
    let now = start;
    const batches: Edited["batches"][number][] = [];
    for (const group of groups) {
      const list = parsePath(group[0]?.list ?? "");
      const index = (group.at(-1)?.index ?? 0) + 1;
      const edited = insertItems(now, list, index, unique(copyItems(start, group.map(itemOf)), now));
      now = edited.source;
      batches.push(...edited.batches);
      const later = made.map((path) => formatPath(afterInsert(parsePath(path), list, index, group.length)));
      made = [...group.map((_, at) => formatPath([...list, String(index + at)])), ...later];
    }
    return { source: now, batches };
  };
  const selects = () => ({ stop: { kind: "step" as const, path: made[0] ?? "" }, many: made.length > 1 ? made : [] });
  return edit(store, make, { selects });
}
