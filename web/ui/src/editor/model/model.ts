//! The picture of a flow: its triggers and its tree of steps, each with its place in the text.

import { formatPath, type Source } from "~/yaml";
import { ends, type Verb, verbOf } from "./verbs";
import { asText, isWrittenMap, view, type Written, type WrittenMap } from "./view";

export type LaneKind =
  | "steps"
  | "then"
  | "else"
  | "case"
  | "default"
  | "each"
  | "branch"
  | "round"
  | "answered"
  | "came"
  | "on_timeout"
  | "on_error"
  | "finally";

/** A list of steps: the whole flow's, or one way on from a step. */
export interface Lane {
  /** The place of the list, as in `steps/2/then`. */
  path: string;
  kind: LaneKind;
  /** The case or branch it is for. */
  label: string | null;
  /** Whether the text has it; a way that is not written out is empty and can be added to. */
  exists: boolean;
  steps: Step[];
}

/** One step. */
export interface Step {
  /** Its place, as in `steps/2/then/0`. */
  path: string;
  /** The place of the list it is in, and its index there. */
  list: string;
  index: number;
  /** Nothing when the text gives it none; the step is drawn all the same. */
  verb: Verb | null;
  id: string | null;
  name: string | null;
  note: string | null;
  data: WrittenMap;
  lanes: Lane[];
  /** Whether the run can go on behind it. */
  goesOn: boolean;
  /** How many steps are in its lanes, at any depth. */
  inside: number;
}

/** What starts the flow. */
export interface Trigger {
  /** `on/0`, or `on` when there is only one and no list. */
  path: string;
  type: string;
  params: WrittenMap;
  when: string | null;
  id: string | null;
}

/** A whole document. */
export interface Picture {
  kind: "flow" | "rules" | "calendar" | "segment";
  id: string;
  name: string;
  note: string | null;
  triggers: Trigger[];
  /** Whether `on` is a list. */
  triggerList: boolean;
  when: string | null;
  /** `steps`, then `on_error` and `finally` if they are there. */
  sections: Lane[];
  /** Every step by its place. */
  steps: ReadonlyMap<string, Step>;
  tests: string[];
}

/** What was drawn last, and the text it was drawn from. */
export interface Drawn {
  source: Source;
  picture: Picture;
}

/** The steps of a picture as it is made, and those of the one before it. */
class Steps {
  readonly all = new Map<string, Step>();

  constructor(private readonly before: ReadonlyMap<string, Step> | undefined) {}

  /** The step that was at a place before, if nothing about it changed; it is taken over with all that is in it. */
  kept(path: string, data: Written): Step | null {
    const step = this.before?.get(path);
    if (step?.data !== data) return null;
    this.keep(step);
    return step;
  }

  private keep(step: Step): void {
    this.all.set(step.path, step);
    for (const { steps } of step.lanes) for (const inner of steps) this.keep(inner);
  }
}

/**
 * The picture of a document; whatever is not as the format wants it is left out or empty, never an error. Steps that are as they were
 * `before` are the same objects.
 */
export function picture(source: Source, before?: Drawn): Picture {
  const root = view(source, before?.source);
  const head = isWrittenMap(root) ? root : {};
  const kind = (["rules", "calendar", "segment"] as const).find((own) => own in head) ?? "flow";
  const made = new Steps(before?.picture.steps);
  const sections: Lane[] = [lane(head.steps, ["steps"], "steps", null, made)];
  if (head.on_error !== undefined) sections.push(lane(head.on_error, ["on_error"], "on_error", null, made));
  if (head.finally !== undefined) sections.push(lane(head.finally, ["finally"], "finally", null, made));
  const tests = Array.isArray(head.tests) ? head.tests : [];
  return {
    kind,
    id: asText(head[kind]),
    name: asText(head.name) || asText(head[kind]),
    note: text(head.note),
    triggers: triggers(head.on),
    triggerList: Array.isArray(head.on),
    when: text(head.when),
    sections,
    steps: made.all,
    tests: tests.map((test) => (isWrittenMap(test) ? asText(test.name) : "")),
  };
}

function triggers(on: Written | undefined): Trigger[] {
  if (Array.isArray(on)) return on.map((one, index) => trigger(one, `on/${index}`));
  return on === undefined || on === null ? [] : [trigger(on, "on")];
}

function trigger(one: Written, path: string): Trigger {
  if (!isWrittenMap(one)) return { path, type: asText(one), params: {}, when: null, id: null };
  const type = Object.keys(one).find((key) => key !== "when" && key !== "id") ?? "";
  const params = one[type];
  return { path, type, params: isWrittenMap(params) ? params : {}, when: text(one.when), id: text(one.id) };
}

function lane(value: Written | undefined, path: string[], kind: LaneKind, label: string | null, made: Steps): Lane {
  const own: Lane = { path: formatPath(path), kind, label, exists: value !== undefined, steps: [] };
  if (Array.isArray(value)) own.steps = value.map((item, index) => step(item, path, own.path, index, made));
  return own;
}

function step(item: Written, list: string[], listPath: string, index: number, made: Steps): Step {
  const path = [...list, String(index)];
  const kept = made.kept(formatPath(path), item);
  if (kept) return kept;
  const data = isWrittenMap(item) ? item : {};
  const verb = verbOf(data);
  const own: Step = {
    path: formatPath(path),
    list: listPath,
    index,
    verb,
    id: text(isWrittenMap(data.repeat) ? data.repeat.id : data.id),
    name: text(data.name),
    note: text(data.note),
    data,
    lanes: [],
    goesOn: !ends(verb),
    inside: 0,
  };
  made.all.set(own.path, own);
  own.lanes = lanes(data, verb, path, made);
  const ways = own.lanes.filter(({ kind }) => kind !== "on_error" || !own.goesOn);
  if (verb === "if" || verb === "switch") own.goesOn = ways.some(goesOn);
  own.inside = own.lanes.reduce((sum, { steps }) => steps.reduce((count, inner) => count + 1 + inner.inside, sum), 0);
  return own;
}

/** Whether a run that goes this way comes to its end. */
export function goesOn(way: Lane): boolean {
  return way.steps.every((inner) => inner.goesOn);
}

function lanes(data: WrittenMap, verb: Verb | null, path: string[], made: Steps): Lane[] {
  const make = (key: string, kind: LaneKind) => lane(data[key], [...path, key], kind, null, made);
  const named = (key: string, kind: LaneKind) => {
    const map = data[key];
    const entries = isWrittenMap(map) ? Object.entries(map) : [];
    return entries.map(([name, value]) => lane(value, [...path, key, name], kind, name, made));
  };
  const ways: Lane[] = [];
  if (verb === "if") ways.push(make("then", "then"), make("else", "else"));
  else if (verb === "switch") ways.push(...named("cases", "case"), make("default", "default"));
  else if (verb === "for_each") ways.push(make("steps", "each"));
  else if (verb === "parallel") ways.push(...named("parallel", "branch"));
  else if (verb === "repeat") {
    const repeat = isWrittenMap(data.repeat) ? data.repeat : {};
    ways.push(lane(repeat.steps, [...path, "repeat", "steps"], "round", null, made));
  } else if ((verb === "ask" || verb === "wait_for") && (data.then !== undefined || data.on_timeout !== undefined)) {
    ways.push(make("then", verb === "ask" ? "answered" : "came"), make("on_timeout", "on_timeout"));
  }
  if (data.on_error !== undefined) ways.push(make("on_error", "on_error"));
  return ways;
}

function text(value: Written | undefined): string | null {
  return value === undefined || value === null ? null : asText(value);
}
