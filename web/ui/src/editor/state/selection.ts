//! Several steps selected at once: by range, one by one, in one branch or in many.

import type { Picture, Step } from "../model/model";
import type { Selection, Stop } from "../model/walk";
import { type EditorStore, select } from "./editor";

/** The steps among `paths` in the order in which the flow is read; what is inside one of them goes with it and is left out. */
export function outermost(picture: Picture, paths: readonly string[]): string[] {
  const wanted = new Set(paths);
  const found: string[] = [];
  for (const path of picture.steps.keys()) {
    const last = found.at(-1);
    if (wanted.has(path) && !(last !== undefined && path.startsWith(`${last}/`))) found.push(path);
  }
  return found;
}

/** The selected steps, those inside others left out. */
export function selected({ picture, stop, many }: Selection & { picture: Picture }): string[] {
  return outermost(picture, many.length > 0 ? many : stop?.kind === "step" ? [stop.path] : []);
}

/** What a command about the step at `path` is about: all selected steps if that is one of them, else it alone. */
export function meant(state: Selection & { picture: Picture }, path: string): string[] {
  const all = selected(state);
  const here = state.stop?.kind === "step" && state.stop.path === path;
  return all.includes(path) || (here && all.length > 0) ? all : [path];
}

/** The steps at `paths`, if they stand one behind the other in one list. */
export function inRow(picture: Picture, paths: readonly string[]): Step[] | null {
  const row = paths.map((path) => picture.steps.get(path)).filter((step) => step !== undefined);
  const [first] = row;
  const apart = row.some((step, at) => step.list !== first?.list || step.index !== first.index + at);
  return first && row.length === paths.length && !apart ? row : null;
}

/** `count` steps from `path` on, selected, with the focus on the first. */
export function rowFrom(list: string, index: number, count: number): Selection {
  const paths = Array.from({ length: count }, (_, at) => `${list}/${index + at}`);
  return { stop: { kind: "step", path: paths[0] ?? list }, many: count > 1 ? paths : [] };
}

/** Selects these steps; one stays standing where one stood if that is among them, else on the first. */
export function selectAll(store: EditorStore, paths: readonly string[]): void {
  const { picture, stop } = store.getState();
  const all = outermost(picture, paths);
  const [first] = all;
  if (first === undefined) return;
  const stays = stop?.kind === "step" && all.includes(stop.path);
  store.setState({ stop: stays ? stop : { kind: "step", path: first }, many: all.length > 1 ? all : [] });
}

/**
 * Selects all steps from the one that one stands on to `path`, whichever comes first. When the two are in different branches it is the
 * steps around them that stand in one list, and with them all that is inside.
 */
export function selectTo(store: EditorStore, path: string): void {
  const { stop, picture } = store.getState();
  const ends = stop?.kind === "step" ? together(picture, stop.path, path) : null;
  if (!ends) {
    select(store, { kind: "step", path });
    return;
  }
  const [from, to] = ends;
  const [first, last] = from.index < to.index ? [from, to] : [to, from];
  const { many } = rowFrom(first.list, first.index, last.index - first.index + 1);
  store.setState({ stop: { kind: "step", path: from.path }, many });
}

/** The steps that two are or are inside of, in the nearest list that holds both. */
function together(picture: Picture, one: string, other: string): [Step, Step] | null {
  const around = (path: string) => [...picture.steps.values()].filter((step) => `${path}/`.startsWith(`${step.path}/`));
  const others = around(other);
  for (const step of around(one).toReversed()) {
    const mate = others.find(({ list }) => list === step.list);
    if (mate) return [step, mate];
  }
  return null;
}

/** Selects one step more below or above the one that one stands on, or gives the last one on that way back. */
export function selectMore(store: EditorStore, by: 1 | -1): void {
  const state = store.getState();
  const { picture, stop } = state;
  const anchor = stop?.kind === "step" ? picture.steps.get(stop.path) : undefined;
  if (!anchor) return;
  const all = inRow(picture, selected(state)) ?? [];
  const row = all.includes(anchor) ? all : [anchor];
  const [top, bottom] = [row[0]?.index ?? anchor.index, row.at(-1)?.index ?? anchor.index];
  const end = (bottom > anchor.index ? bottom : top) + by;
  if (picture.steps.has(`${anchor.list}/${end}`)) selectTo(store, `${anchor.list}/${end}`);
}

/** Adds a step to the selected ones, or takes it away; `stand` says whether one then stands on it. */
export function toggleSelected(store: EditorStore, path: string, stand: boolean): void {
  const state = store.getState();
  const all = selected(state);
  const off = all.includes(path);
  const next = off ? all.filter((own) => own !== path) : outermost(state.picture, [...all, path]);
  const at = stand && off ? (next.at(-1) ?? path) : path;
  const alone = next.length === 0 || (next.length === 1 && next[0] === at);
  store.setState({ stop: { kind: "step", path: at }, many: alone ? [] : next });
}

/** Stands on another stop while the selected steps stay selected. */
export function standOn(store: EditorStore, stop: Stop): void {
  const all = selected(store.getState());
  store.setState({ stop, many: all });
}
