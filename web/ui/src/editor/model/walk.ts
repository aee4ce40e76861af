//! Where one comes from a step by going up, down or aside; what the keys of the canvas and the outline's order are made of.

import type { Lane, Picture, Step } from "./model";

/** What can be stood on: a step, the empty place of a lane without steps, or what starts the flow. */
export type Stop = { kind: "on" } | { kind: "step"; path: string } | { kind: "empty"; list: string };

/** What is selected: where one stands, and all steps that are selected when they are several (or when one stands beside them). */
export interface Selection {
  readonly stop: Stop | null;
  readonly many: readonly string[];
}

/** A stop as one word, to compare and to keep. */
export function stopKey(stop: Stop): string {
  return stop.kind === "on" ? "on" : stop.kind === "step" ? stop.path : `${stop.list}/+`;
}

/** All stops in the order in which the flow is read, but those inside collapsed steps. */
export function stops(picture: Picture, collapsed: ReadonlySet<string>): Stop[] {
  const all: Stop[] = [{ kind: "on" }];
  const walk = (lane: Lane) => {
    if (lane.steps.length === 0) all.push({ kind: "empty", list: lane.path });
    for (const step of lane.steps) {
      all.push({ kind: "step", path: step.path });
      if (!collapsed.has(step.path)) step.lanes.forEach(walk);
    }
  };
  picture.sections.forEach(walk);
  return all;
}

/** The lane that a stop is in, and the step that the lane belongs to. */
function home(picture: Picture, stop: Stop): { owner: Step; at: number } | null {
  if (stop.kind === "on") return null;
  const list = stop.kind === "step" ? (picture.steps.get(stop.path)?.list ?? "") : stop.list;
  for (const owner of picture.steps.values()) {
    const at = owner.lanes.findIndex((lane) => lane.path === list);
    if (at >= 0) return { owner, at };
  }
  return null;
}

/** The first stop of the branch `by` places beside the one that `stop` is in; a step with branches counts as before its first. */
export function beside(picture: Picture, stop: Stop, by: 1 | -1): Stop | null {
  let current: Stop = stop;
  for (;;) {
    const found = home(picture, current);
    if (!found) return null;
    const next = found.owner.lanes[found.at + by];
    if (next) {
      const first = next.steps[0];
      return first ? { kind: "step", path: first.path } : { kind: "empty", list: next.path };
    }
    current = { kind: "step", path: found.owner.path };
  }
}

/** The steps around a step, from the outermost inwards. */
export function ancestors(picture: Picture, path: string): Step[] {
  return [...picture.steps.values()].filter((step) => path.startsWith(`${step.path}/`));
}
