//! What keys do on the canvas, while a step has the focus.

import type { Picture } from "../model/model";
import { beside, type Stop, stopKey, stops } from "../model/walk";
import { placeAt } from "../state/commands";
import type { Commands } from "./commands";

export interface Keys {
  picture: Picture;
  collapsed: ReadonlySet<string>;
  rtl: boolean;
  commands: Commands | null;
  /** Stands on a stop; `keep` leaves selected what is. */
  go: (stop: Stop, keep?: boolean) => void;
  toggle: (path: string) => void;
  zoom: (by: "in" | "out" | "whole" | "fit") => void;
  help: () => void;
}

/** The stop that `data-stop` names. */
export function stopOf(key: string): Stop {
  if (key === "on") return { kind: "on" };
  return key.endsWith("/+") ? { kind: "empty", list: key.slice(0, -2) } : { kind: "step", path: key };
}

/** Does what a key means; gives whether it meant anything. */
export function onKey(event: KeyboardEvent, stop: Stop, anchor: Element, keys: Keys): boolean {
  const { commands } = keys;
  const modifier = event.ctrlKey || event.metaKey;
  const path = stop.kind === "step" ? stop.path : null;
  if (modifier && !event.altKey) return withModifier(event, stop, path, keys);
  if (event.altKey) {
    if (!commands || path === null || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return false;
    commands.move(path, event.key === "ArrowUp" ? -1 : 1);
    return true;
  }
  if (event.shiftKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    if (path !== null) commands?.selectMore(event.key === "ArrowUp" ? -1 : 1);
    return commands !== null && path !== null;
  }
  const target = neighbour(event.key, stop, keys);
  if (target) {
    keys.go(target);
    return true;
  }
  switch (event.key) {
    case "Enter":
    case " ":
      if (stop.kind === "empty") commands?.add({ list: stop.list, index: 0 }, anchor);
      else commands?.open(stop);
      return commands !== null;
    case ".":
      if (path !== null) keys.toggle(path);
      return path !== null;
    case "+":
    case "=":
      keys.zoom("in");
      return true;
    case "-":
      keys.zoom("out");
      return true;
    case "0":
      keys.zoom("whole");
      return true;
    case "f":
    case "F":
      keys.zoom("fit");
      return true;
    case "?":
      keys.help();
      return true;
  }
  return commands !== null && onLetter(event, stop, path, anchor, keys.picture, commands);
}

function onLetter(
  event: KeyboardEvent,
  stop: Stop,
  path: string | null,
  anchor: Element,
  picture: Picture,
  commands: Commands,
): boolean {
  switch (event.key) {
    case "a":
    case "A":
      commands.add(placeAt(picture, stop, event.shiftKey), anchor);
      return true;
    case "t":
    case "T":
      commands.test();
      return true;
    case "Delete":
    case "Backspace":
      if (path !== null) commands.remove(path);
      return path !== null;
    case "ContextMenu":
    case "F10":
      if (path !== null) commands.menu(path, anchor);
      return path !== null;
  }
  return false;
}

function withModifier(event: KeyboardEvent, stop: Stop, path: string | null, keys: Keys): boolean {
  const { commands } = keys;
  if (!commands) return false;
  const key = event.key.toLowerCase();
  if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const target = neighbour(event.key, stop, keys);
    if (target) keys.go(target, true);
  } else if (key === "v") commands.paste(stop);
  else if (path === null) return false;
  else if (key === " ") commands.selectAlso(path, false);
  else if (key === "c") commands.copy(path);
  else if (key === "x") commands.cut(path);
  else if (key === "d") commands.duplicate(path);
  else return false;
  return true;
}

/** Where an arrow leads: up and down in reading order, aside to the next branch on that side. */
function neighbour(key: string, stop: Stop, { picture, collapsed, rtl, commands }: Keys): Stop | null {
  // Where nothing can be added there is nothing to stand on in an empty branch.
  const stands = (own: Stop) => commands !== null || own.kind !== "empty";
  const aside = { ArrowRight: rtl ? -1 : 1, ArrowLeft: rtl ? 1 : -1 }[key] as 1 | -1 | undefined;
  if (aside) {
    const next = beside(picture, stop, aside);
    return next && stands(next) ? next : null;
  }
  const all = stops(picture, collapsed).filter(stands);
  const at = all.findIndex((own) => stopKey(own) === stopKey(stop));
  switch (key) {
    case "ArrowDown":
      return all[at + 1] ?? null;
    case "ArrowUp":
      return all[at - 1] ?? null;
    case "Home":
      return all[0] ?? null;
    case "End":
      return all.at(-1) ?? null;
  }
  return null;
}
