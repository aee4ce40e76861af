//! One step by itself: a flow in which nothing but this step happens, with the data that earlier steps would have left behind.
//!
//! It goes through the same simulation as a whole flow, so a step is rendered and decided as it will be when it runs.

import type { Json } from "~/api/types";
import { parsePath } from "~/yaml";
import type { Catalog, Schema, Simulated, Simulation, TriggerSpec } from "../api";
import type { Picture, Step } from "../model/model";
import { asText, isWrittenMap, type Written, type WrittenMap } from "../model/view";
import { ancestors } from "../model/walk";

/** What a step is tried with. */
export interface Given {
  /** Of the event that starts the flow. */
  type: string;
  fields: Record<string, Json>;
  contact: Record<string, Json>;
  /** What earlier steps left behind, by their place; of others a sample is taken. */
  outputs: ReadonlyMap<string, Json>;
}

/** What became of the step. */
export interface Tried {
  /** `unreached` when the data did not lead there. */
  state: "done" | "failed" | "waiting" | "unreached";
  input: Json;
  output: Json;
  /** What its condition read. */
  saw: Json;
  /** The text that a customer would get. */
  text: string | null;
  /** Why it failed or waits, as the server says it. */
  why: string;
}

/** How long a wait may last until it is seen to wait. */
const UNTIL = "1s";

/** The simulation of one step, and the place that the step has in it. */
export function alone(
  picture: Picture,
  step: Step,
  given: Given,
  catalog: Catalog,
): { asked: Simulated; path: string } {
  const around = ancestors(picture, step.path);
  let inner: Inner = { step: bare(step), path: "" };
  for (const outer of [...around].reverse()) inner = wrapped(outer, step, inner);
  if (step.path.startsWith("on_error/")) inner = afterError(inner);
  const before = [...picture.steps.values()].slice(0, [...picture.steps.keys()].indexOf(step.path));
  const sure = (own: Step) => step.path.startsWith(`${own.list}/`);
  const earlier = before.flatMap((own) => left(own, sure(own), given, catalog));
  const spec = catalog.triggers[given.type];
  const text = JSON.stringify({
    format: 1,
    flow: "one-step",
    on: [{ [given.type]: needed(picture, given.type, spec) }],
    steps: [...earlier, inner.step],
  });
  const events = [{ at: "0s", event: { [given.type]: fitting(given.fields, spec) } }];
  const start = new Date().toISOString();
  const asked = { text, contact: given.contact, start, zone: "UTC", events, fakes: {}, until: UNTIL };
  return { asked, path: `steps/${earlier.length}${inner.path}` };
}

/** A step of the made flow, and where in it the step is that is tried. */
interface Inner {
  step: WrittenMap;
  path: string;
}

/** The step with its branches empty. */
function bare(step: Step): WrittenMap {
  const own = structuredClone(step.data);
  for (const lane of step.lanes) {
    const keys = parsePath(lane.path).slice(parsePath(step.path).length);
    const needed = !["else", "on_error", "on_timeout", "came", "answered", "default"].includes(lane.kind);
    put(own, keys, needed ? [] : null);
  }
  return own;
}

/** Sets what is at a place of a value, or takes it away. */
function put(root: WrittenMap, [key, ...rest]: string[], value: Written): void {
  if (key === undefined) return;
  const inner = root[key];
  if (rest.length > 0 && isWrittenMap(inner)) put(inner, rest, value);
  else if (value === null) delete root[key];
  else root[key] = value;
}

/** The step inside what it needs around it: the loop that names an item, the repetition it goes back to, the error it is told. */
function wrapped(outer: Step, step: Step, inner: Inner): Inner {
  const kind = outer.lanes.find(({ path }) => step.path.startsWith(`${path}/`))?.kind;
  if (kind === "on_error") return afterError(inner);
  if (kind !== "each" && kind !== "round") return inner;
  const own = bare(outer);
  if (kind === "each") return { step: { ...own, steps: [inner.step] }, path: `/steps/0${inner.path}` };
  const repeat = isWrittenMap(own.repeat) ? own.repeat : {};
  const once = { id: repeat.id ?? "once", max: 1, until: "true", steps: [inner.step] };
  return { step: { repeat: once }, path: `/repeat/steps/0${inner.path}` };
}

function afterError({ step, path }: Inner): Inner {
  return { step: { script: 'throw "something went wrong"', on_error: [step] }, path: `/on_error/0${path}` };
}

/**
 * What an earlier step left behind, as steps that do nothing else. One that computes is computed, unless a run says what came of it
 * or it is on a way (`sure` is false) that may not have been taken.
 */
function left(step: Step, sure: boolean, given: Given, catalog: Catalog): WrittenMap[] {
  const known = given.outputs.get(step.path);
  if (step.verb === "set") {
    const values = known && typeof known === "object" && !Array.isArray(known) ? known : null;
    if (!values) return sure ? [{ set: step.data.set ?? {} }] : [];
    return [{ set: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, `= ${rhai(value)}`])) }];
  }
  if (step.id === null || step.verb === "repeat") return [];
  if (known === undefined && sure && step.verb === "script") return [{ id: step.id, script: step.data.script ?? "" }];
  return [{ id: step.id, script: rhai(known ?? sampleOf(step, catalog)) }];
}

/** What a step would answer, made up. */
function sampleOf(step: Step, catalog: Catalog): Json {
  if (step.verb === "do") return catalog.actions[asText(step.data.do)]?.sample ?? {};
  if (step.verb === "ask") return { answer: "yes", text: "yes" };
  if (step.verb !== "wait_for") return {};
  const type = isWrittenMap(step.data.wait_for)
    ? (Object.keys(step.data.wait_for)[0] ?? "")
    : asText(step.data.wait_for);
  return catalog.triggers[type]?.sample ?? {};
}

/** A value as the scripts of flows write it. */
export function rhai(value: Json): string {
  if (value === null) return "()";
  if (Array.isArray(value)) return `[${value.map(rhai).join(", ")}]`;
  if (typeof value === "object") {
    const pairs = Object.entries(value).map(([key, inner]) => `${quoted(key)}: ${rhai(inner)}`);
    return `#{${pairs.join(", ")}}`;
  }
  return typeof value === "string" ? quoted(value) : String(value);
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll("\\b", "\\x08").replaceAll("\\f", "\\x0c");
}

/** The parameters of a trigger. Those that choose among messages are left out: they might keep ours from starting the flow. */
function needed(picture: Picture, type: string, spec: TriggerSpec | undefined): WrittenMap {
  const params = picture.triggers.find((trigger) => trigger.type === type)?.params ?? {};
  if (!type.startsWith("whatsapp.")) return params;
  const names = spec?.params.required ?? [];
  return Object.fromEntries(Object.entries(params).filter(([name]) => names.includes(name)));
}

/** The fields of an event that its schema knows: what was stored of it holds more. */
function fitting(fields: Record<string, Json>, spec: TriggerSpec | undefined): Record<string, Json> {
  return spec ? (fitted(fields, spec.event, spec.event) as Record<string, Json>) : fields;
}

function fitted(value: Json, own: Schema, root: Schema): Json {
  const schema = own.$ref ? (root.$defs?.[own.$ref.replace("#/$defs/", "")] ?? {}) : own;
  if (Array.isArray(value)) {
    const items = schema.items;
    return items ? value.map((item) => fitted(item, items, root)) : value;
  }
  if (typeof value !== "object" || value === null || !schema.properties) return value;
  const known = Object.entries(value).flatMap(([key, inner]): [string, Json][] => {
    const property = schema.properties?.[key];
    if (property) return [[key, fitted(inner, property, root)]];
    return [];
  });
  return Object.fromEntries(known);
}

/** A made-up event and customer. */
export function sampled(picture: Picture, catalog: Catalog): Given {
  const type = picture.triggers[0]?.type || "manual";
  const spec = catalog.triggers[type];
  const sample = spec?.sample;
  const fields = typeof sample === "object" && sample !== null && !Array.isArray(sample) ? { ...sample } : {};
  // What the trigger is told is what our event is then about.
  for (const [name, value] of Object.entries(needed(picture, type, spec))) {
    if (name === "to") fields.new = value as Json;
    else if (name === "messages") fields.messages = Number(value) + 1;
    else if (name in fields && typeof value !== "object") fields[name] = value;
  }
  const contact = { name: "Giulia", phone: "+393331234567", language: "it", priority: "medium" };
  return { type, fields, contact, outputs: new Map() };
}

/** What became of the step at `path` of a simulation that [`alone`] made. */
export function outcome(simulation: Simulation, path: string): Tried {
  const own = simulation.timeline.filter((row) => row.path === path);
  const last = (key: "input" | "output" | "saw"): Json => own.findLast((row) => row[key] != null)?.[key] ?? null;
  const failed = own.find(({ what }) => what === "failed");
  const waits = own.findLast(({ what }) => what === "wait");
  const text = own.findLast(({ message }) => message?.text)?.message?.text ?? null;
  const state = !simulation.coverage.includes(path) ? "unreached" : failed ? "failed" : waits ? "waiting" : "done";
  const broke = simulation.timeline.find(({ what }) => what === "failed") ?? simulation.timeline.at(-1);
  const why = failed ?? waits ?? (state === "unreached" ? broke : undefined);
  return { state, input: last("input"), output: last("output"), saw: last("saw"), text, why: plain(why?.words ?? "") };
}

/** Without the line of a text that nobody sees. */
function plain(words: string): string {
  return words.replace(/line \d+, column \d+: /, "");
}
