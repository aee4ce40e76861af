//! From a layout to what React Flow draws. What has not changed stays the same object, so that it is not drawn again.

import type { Node } from "@xyflow/react";
import type { StepState } from "~/api/types";
import type { Translate } from "~/i18n";
import { type Card, cardOf, laneInWords } from "../model/cards";
import type { Layout, Place } from "../model/layout";
import type { Picture, Step, Trigger } from "../model/model";
import { type Stop, stopKey } from "../model/walk";

/** What a card shows. Flat, so that it can be compared. */
export interface CardData extends Card, Record<string, unknown> {
  path: string;
  id: string | null;
  problems: number;
  state: StepState | null;
  /** Beside the state: how long it took. */
  took: string;
  selected: boolean;
  /** Whether Tab comes here. */
  tab: boolean;
  branches: number;
  inside: number;
  collapsed: boolean;
  compact: boolean;
  ends: boolean;
  note: string | null;
  width: number;
  height: number;
}

export interface OnData extends Record<string, unknown> {
  triggers: readonly Trigger[];
  when: string | null;
  selected: boolean;
  tab: boolean;
  problems: number;
  state: StepState | null;
  width: number;
  height: number;
}

export interface PlainData extends Record<string, unknown> {
  text: string;
  kind: string;
  path: string;
  selected: boolean;
  tab: boolean;
  width: number;
  height: number;
}

export type FlowNode =
  | Node<CardData, "step">
  | Node<OnData, "on">
  | Node<PlainData, "empty" | "end" | "section" | "frame" | "label">;

/** What is known of the steps beside the text. */
export interface About {
  states: Readonly<Record<string, StepState>> | null;
  took: Readonly<Record<string, string>>;
  problems: ReadonlyMap<string, number>;
  stop: Stop | null;
  /** All steps that are selected, when it is not the stop alone. */
  marked?: ReadonlySet<string>;
  collapsed: ReadonlySet<string>;
  compact: boolean;
}

/** Makes nodes, and gives the ones of before where nothing about them changed. */
export class Parts {
  private known = new Map<string, FlowNode>();
  /** What the cards of steps say, in the language of `t`. */
  private cards = new WeakMap<Step, Card>();
  private t: Translate | null = null;

  nodes(picture: Picture, plan: Layout, about: About, t: Translate): FlowNode[] {
    if (this.t !== t) this.cards = new WeakMap();
    this.t = t;
    const selected = about.stop ? stopKey(about.stop) : null;
    const card = (step: Step) => this.card(step, t);
    const fresh = plan.places.map((place) => this.kept(place, node(place, picture, about, selected, t, card)));
    this.known = new Map(fresh.map((own) => [own.id, own]));
    return fresh;
  }

  private card(step: Step, t: Translate): Card {
    const known = this.cards.get(step) ?? cardOf(step, t);
    this.cards.set(step, known);
    return known;
  }

  private kept(place: Place, fresh: FlowNode): FlowNode {
    const before = this.known.get(fresh.id);
    const still =
      before && before.type === fresh.type && before.position.x === place.x && before.position.y === place.y;
    return still && alike(before.data, fresh.data) ? before : fresh;
  }
}

function node(
  place: Place,
  picture: Picture,
  about: About,
  selected: string | null,
  t: Translate,
  card: (step: Step) => Card,
): FlowNode {
  const { x, y, width, height, key, kind } = place;
  const base = {
    id: key,
    position: { x, y },
    width,
    height,
    draggable: false,
    selectable: false,
    focusable: false,
    connectable: false,
    zIndex: kind === "frame" ? 0 : 1,
  };
  const chosen = key === selected;
  const tab = chosen || (selected === null && kind === "on");
  if (place.step && kind === "step") {
    const { step } = place;
    const data: CardData = {
      ...card(step),
      path: step.path,
      id: step.id,
      note: step.note,
      problems: about.problems.get(step.path) ?? 0,
      state: about.states?.[step.path] ?? null,
      took: about.took[step.path] ?? "",
      selected: about.marked && about.marked.size > 0 ? about.marked.has(step.path) : chosen,
      tab,
      branches: step.lanes.length,
      inside: step.inside,
      collapsed: about.collapsed.has(step.path),
      compact: about.compact,
      ends: !step.goesOn && step.lanes.length === 0,
      width,
      height,
    };
    return { ...base, type: "step", data };
  }
  if (kind === "on") {
    const problems = about.problems.get("on") ?? 0;
    const data: OnData = {
      triggers: picture.triggers,
      when: picture.when,
      selected: chosen,
      tab,
      problems,
      state: about.states?.on ?? null,
      width,
      height,
    };
    return { ...base, type: "on", data };
  }
  const text = place.lane ? laneInWords(place.lane, t) : "";
  const path = place.lane?.path ?? "";
  return {
    ...base,
    type: kind as "empty",
    data: { text, kind: place.lane?.kind ?? "", path, selected: chosen, tab, width, height },
  };
}

function alike(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  const keys = Object.keys(b);
  return keys.every(
    (key) => Object.is(a[key], b[key]) || (key === "triggers" && JSON.stringify(a[key]) === JSON.stringify(b[key])),
  );
}

/** Problems by the step they are in; what is in the head counts for what starts the flow. */
export function problemsByStep(picture: Picture, problems: readonly { path: string | null }[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { path } of problems) {
    const owner = stepOf(picture, path);
    if (owner !== null) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  return counts;
}

/** The step a place of the text belongs to; `on` for the head. */
export function stepOf(picture: Picture, path: string | null): string | null {
  if (path === null) return null;
  const parts = path.split("/");
  for (let length = parts.length; length > 0; length -= 1) {
    const place = parts.slice(0, length).join("/");
    if (picture.steps.has(place)) return place;
  }
  return parts[0] === "on" || parts[0] === "when" ? "on" : null;
}
