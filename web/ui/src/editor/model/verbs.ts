//! The steps of the format: which key says what a step does, which keys it may carry and in what order they are written.

/** What a step does, by its key in the text. */
export type Verb =
  | "do"
  | "run_flow"
  | "if"
  | "switch"
  | "for_each"
  | "parallel"
  | "repeat"
  | "again"
  | "ask"
  | "wait_for"
  | "wait"
  | "set"
  | "script"
  | "stop"
  | "answer_webhook";

/** In the order in which they are looked for: `run_flow` has a `wait` of its own. */
export const VERBS: readonly Verb[] = [
  "do",
  "run_flow",
  "if",
  "switch",
  "for_each",
  "parallel",
  "repeat",
  "again",
  "ask",
  "wait_for",
  "wait",
  "set",
  "script",
  "stop",
  "answer_webhook",
];

const HEAD = ["id", "name", "note"];

/** The keys of a step in the order in which people write them; a new key is put where this says. */
export const KEYS: Record<Verb, readonly string[]> = {
  do: [...HEAD, "do", "connection", "with", "retry", "expires", "on_unknown", "on_error"],
  run_flow: [...HEAD, "run_flow", "with", "wait", "on_error"],
  if: [...HEAD, "if", "then", "else", "on_error"],
  switch: [...HEAD, "switch", "cases", "default", "on_error"],
  for_each: [...HEAD, "for_each", "as", "limit", "steps", "on_error"],
  parallel: [...HEAD, "parallel", "join", "on_error"],
  repeat: [...HEAD, "repeat", "on_error"],
  again: [...HEAD, "again", "on_error"],
  ask: [
    ...HEAD,
    "ask",
    "choices",
    "check",
    "tries",
    "else_ask",
    "into",
    "timeout",
    "connection",
    "then",
    "on_timeout",
    "on_error",
  ],
  wait_for: [...HEAD, "wait_for", "match", "timeout", "take", "then", "on_timeout", "on_error"],
  wait: [...HEAD, "wait", "on_error"],
  set: [...HEAD, "set", "on_error"],
  script: [...HEAD, "script", "on_error"],
  stop: [...HEAD, "stop", "on_error"],
  answer_webhook: [...HEAD, "answer_webhook", "on_error"],
};

/** The keys of `repeat`'s own map. */
export const REPEAT_KEYS = ["id", "max", "until", "steps"];
/** The keys of a flow's head. */
export const FLOW_KEYS = ["format", "flow", "name", "note", "on", "when", "steps", "on_error", "finally", "tests"];

/** The verb of a step; nothing when it has none, which is an error of the text. */
export function verbOf(step: Record<string, unknown>): Verb | null {
  return VERBS.find((verb) => Object.hasOwn(step, verb)) ?? null;
}

/** Whether nothing comes after a step in its list. */
export function ends(verb: Verb | null): boolean {
  return verb === "stop" || verb === "again";
}

/** The order in which the keys of a tag rule and of what it does are written. */
export const RULE_KEYS = ["rule", "name", "note", "on", "when", "then", "stop", "watch"];
export const THEN_KEYS = ["add_tags", "remove_tags", "for", "priority", "language", "fields", "escalate"];
