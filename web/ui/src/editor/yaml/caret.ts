//! Between places in the text and steps of the picture.

import { nodeAt, parsePath, type Source } from "~/yaml";
import type { Picture } from "../model/model";
import type { Stop } from "../model/walk";

/** The innermost step that an offset is in; `on` for the head above the steps. */
export function stopAt(source: Source, picture: Picture, offset: number): Stop | null {
  let found: { path: string; from: number } | null = null;
  for (const { path } of picture.steps.values()) {
    const range = nodeAt(source, parsePath(path))?.range;
    if (range && range[0] <= offset && offset < range[1] && (!found || range[0] >= found.from))
      found = { path, from: range[0] };
  }
  if (found) return { kind: "step", path: found.path };
  const on = nodeAt(source, ["on"])?.range;
  return on && on[0] <= offset && offset <= on[1] ? { kind: "on" } : null;
}

/** Where a stop is in the text. */
export function rangeAt(source: Source, stop: Stop): [number, number] | null {
  const path = stop.kind === "on" ? ["on"] : parsePath(stop.kind === "step" ? stop.path : stop.list);
  const range = nodeAt(source, path)?.range;
  return range ? [range[0], range[1]] : null;
}
