//! What is tried in the test panel, and what became of it: from a scenario to a simulation, a picture and a test of the flow.

import type { Json, StepState } from "~/api/types";
import type { Value } from "~/yaml";
import type { Catalog, Simulated, Simulation, TimelineRow } from "../api";
import { parseDuration } from "../model/duration";
import type { Picture } from "../model/model";
import { asText } from "../model/view";

/** An event at a time from the start. */
export interface TriedEvent {
  key: number;
  at: string;
  type: string;
  /** The fields of the event, as JSON. */
  fields: string;
}

export interface Scenario {
  name: string;
  phone: string;
  language: string;
  tags: string;
  start: string;
  zone: string;
  events: TriedEvent[];
  /** What services answer, by action: nothing special, or a failure. */
  fails: Record<string, string>;
}

/** The next Monday morning: most flows are about what people do at work. */
export function freshScenario(picture: Picture, catalog: Catalog | undefined, now: Date): Scenario {
  const monday = new Date(now);
  monday.setDate(monday.getDate() + ((8 - monday.getDay()) % 7 || 7));
  const type = picture.triggers[0]?.type || "manual";
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const first = { key: 1, at: "0s", type, fields: sample(type, catalog) };
  return {
    name: "Giulia",
    phone: "+393331234567",
    language: "it",
    tags: "",
    start: `${monday.toISOString().slice(0, 10)}T09:00`,
    zone,
    events: [first],
    fails: {},
  };
}

/** An event as the catalogue shows it; of messages only the text, which is what people want to change. */
export function sample(type: string, catalog: Catalog | undefined): string {
  const fields = catalog?.triggers[type]?.sample;
  if (type === "whatsapp.message_received")
    return JSON.stringify({ text: asText((fields as { text?: string } | undefined)?.text ?? "hello") });
  return JSON.stringify(fields ?? {});
}

/** The text of a message, if the event is one. */
export function messageText(event: TriedEvent): string | null {
  return event.type === "whatsapp.message_received" ? asText(fieldsOf(event).text as string | undefined) : null;
}

export function fieldsOf(event: TriedEvent): Record<string, Json> {
  try {
    const value = JSON.parse(event.fields || "{}") as Json;
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
  } catch {
    return {};
  }
}

/** Whether the fields of all events can be read, all times are durations, and the time zone is one. */
export function isReady(scenario: Scenario): boolean {
  try {
    instant(scenario.start, scenario.zone);
  } catch {
    return false;
  }
  return scenario.events.every(({ at, fields }) => {
    try {
      JSON.parse(fields || "{}");
      return parseDuration(at) !== null;
    } catch {
      return false;
    }
  });
}

/** `2026-03-02T09:00` of a place's clocks as an instant of the world. */
export function instant(local: string, zone: string): string {
  const utc = Date.parse(`${local}:00Z`);
  let offset = 0;
  // Twice: near a change of the clock the first guess may be on its other side.
  for (let round = 0; round < 2; round += 1) offset = clockOf(utc - offset, zone) - (utc - offset);
  return new Date(utc - offset).toISOString();
}

/** What the clocks of a place show at an instant, as if they were UTC's. */
function clockOf(at: number, zone: string): number {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
  return Date.parse(`${format.format(at).replace(" ", "T")}Z`);
}

function contactOf(scenario: Scenario): Record<string, Json> {
  const tags = scenario.tags
    .split(/[,،，]/)
    .map((tag) => tag.trim())
    .filter(Boolean);
  return {
    name: scenario.name,
    phone: scenario.phone,
    ...(scenario.language ? { language: scenario.language } : {}),
    ...(tags.length > 0 ? { tags } : {}),
  };
}

function fakesOf(scenario: Scenario): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(scenario.fails)
      .filter(([, how]) => how !== "")
      .map(([action, fail]) => [action, { fail }]),
  );
}

export function asked(scenario: Scenario, text: string): Simulated {
  const events = [...scenario.events].sort((a, b) => (parseDuration(a.at) ?? 0) - (parseDuration(b.at) ?? 0));
  return {
    text,
    contact: contactOf(scenario),
    start: instant(scenario.start, scenario.zone),
    zone: scenario.zone,
    fakes: fakesOf(scenario),
    until: "90d",
    events: events.map((event) => ({ at: event.at, event: { [event.type]: fieldsOf(event) } })),
  };
}

/** The steps that were come to, up to row `head` of the timeline. */
export function painted(simulation: Simulation, head: number): Record<string, StepState> {
  const states: Record<string, StepState> = {};
  for (const row of simulation.timeline.slice(0, head + 1)) {
    if (row.path === null) {
      if (row.what === "started" || row.what === "event") states.on = "done";
      continue;
    }
    states[row.path] =
      row.what === "wait" ? "waiting" : row.what === "failed" || row.what === "error" ? "failed" : "done";
  }
  return states;
}

/** The next row after `head` at which something new comes from outside or time has passed. */
export function nextStop(timeline: readonly TimelineRow[], head: number): number {
  const found = timeline.findIndex((row, at) => at > head && (row.what === "wait" || row.what === "ended"));
  return found < 0 ? timeline.length - 1 : found;
}

/** The scenario and its outcome as a test of the flow. */
export function asTest(name: string, scenario: Scenario, simulation: Simulation, picture: Picture): Value {
  const at: Record<string, Value> = {};
  for (const event of scenario.events) {
    const one: Value = { [event.type]: fieldsOf(event) as Value };
    const there = at[event.at];
    at[event.at] = there === undefined ? one : [...(Array.isArray(there) ? there : [there]), one];
  }
  const fake = fakesOf(scenario) as Record<string, Value>;
  const expect = simulation.timeline.flatMap((row) => {
    const action =
      (row.what === "call" || row.what === "action") && row.path !== null ? actionAt(picture, row.path) : null;
    if (!action) return [];
    const input = row.input;
    const fields = typeof input === "object" && input !== null && !Array.isArray(input) ? input : {};
    const told = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null));
    return [Object.keys(told).length > 0 ? { [action]: told as Value } : action];
  });
  return {
    name,
    given: { contact: contactOf(scenario) as Value, at: instant(scenario.start, scenario.zone) },
    at,
    ...(Object.keys(fake).length > 0 ? { fake } : {}),
    ...(expect.length > 0 ? { expect } : {}),
    ...(simulation.end !== null && ["done", "failed", "waiting"].includes(simulation.end)
      ? { end: simulation.end }
      : {}),
  };
}

/** The action that a step calls. */
function actionAt(picture: Picture, path: string): string | null {
  const step = picture.steps.get(path);
  if (step?.verb === "do") return asText(step.data.do);
  if (step?.verb !== "ask") return null;
  return step.data.choices === undefined ? "whatsapp.send_text" : "whatsapp.send_choices";
}

/** The actions of a flow whose answer matters: those of other systems. */
export function outside(picture: Picture): string[] {
  const names = [...picture.steps.values()].filter(({ verb }) => verb === "do").map(({ data }) => asText(data.do));
  return [...new Set(names)].filter((name) => name !== "" && !/^(contact|human)\./.test(name)).sort();
}
