//! A field that changed, and what was and is in it, in the words of the forms.

import type { Json } from "~/api/types";
import type { Translate } from "~/i18n";
import { conditionInWords } from "../expression/words";
import { actionInWords, fieldInWords, triggerInWords, written } from "../model/cards";
import { durationInWords } from "../model/duration";

/** What the keys of a step and of a flow are called where they are edited. */
const KEYS: Readonly<Record<string, string>> = {
  again: "editor.form.again",
  as: "editor.form.as",
  ask: "editor.form.ask",
  body: "editor.form.body",
  cases: "editor.form.cases",
  check: "editor.form.check",
  choices: "editor.form.choices",
  do: "editor.form.action",
  else_ask: "editor.form.else_ask",
  expires: "editor.adv.expires",
  for_each: "editor.form.for_each",
  id: "editor.adv.id",
  if: "editor.form.if",
  into: "editor.form.into",
  join: "editor.form.join",
  limit: "editor.form.limit",
  match: "editor.form.match",
  max: "editor.form.max",
  name: "editor.adv.name",
  note: "editor.adv.note",
  on_unknown: "editor.adv.on_unknown",
  parallel: "editor.form.branches",
  reason: "editor.form.reason",
  retry: "editor.adv.retry",
  run_flow: "editor.form.run_flow",
  script: "editor.form.script",
  set: "editor.form.set",
  status: "editor.form.status",
  stop: "editor.form.stop",
  switch: "editor.form.switch",
  take: "editor.form.take",
  timeout: "editor.form.timeout",
  tries: "editor.form.tries",
  until: "editor.form.until",
  wait: "editor.form.wait",
  wait_for: "editor.form.wait_for",
  when: "editor.form.when",
};
/** Keys that only hold others. */
const HOLDS = ["answer_webhook", "repeat", "then"];
const CONDITIONS = ["check", "if", "match", "until", "when"];
const TIMES = ["after", "expires", "timeout", "wait"];

/** A field by its place in a step: `with/tags` is "Tags", `with/params/order` "Variables of the template · order". */
export function changedField(field: string, t: Translate): string {
  const [first = "", ...rest] = field.split("/").filter((key) => !HOLDS.includes(key));
  if (first === "with" || triggerInWords(first, t) !== first) {
    const [name, ...own] = rest;
    return [name === undefined ? triggerInWords(first, t) : fieldInWords(name, t), ...own].join(" · ");
  }
  const id = KEYS[first];
  // What stands below has the names that people gave it.
  return [id ? t(id) : fieldInWords(first, t), ...rest].join(" · ");
}

/** What is in a field, on one line. */
export function changedValue(field: string, value: Json | undefined, t: Translate): string {
  if (value === null || value === undefined || value === "") return "–";
  if (typeof value === "boolean") return t(value ? "editor.yes" : "editor.no");
  if (Array.isArray(value)) return value.map((item) => changedValue("", item, t)).join(", ");
  if (typeof value === "object")
    return Object.values(value)
      .map((part) => changedValue("", part, t))
      .join(" · ");
  const [text, key = ""] = [String(value), field.split("/").at(-1)];
  if (field === "do") return actionInWords(text, t);
  if (field === "wait_for") return triggerInWords(text, t);
  if (CONDITIONS.includes(key)) return conditionInWords(text, t);
  return TIMES.includes(key) ? durationInWords(text) : written(text, t);
}
