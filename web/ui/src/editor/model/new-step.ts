//! The steps one can add, in groups people look for, each with what is written for it.

import { type Translate, worded } from "~/i18n";
import type { Value } from "~/yaml";
import type { Catalog, Schema } from "../api";
import { actionInWords, actionLook, type Family, type Icon } from "./cards";
import type { Verb } from "./verbs";

export type Group = "talk" | "contact" | "crm" | "ways" | "time" | "systems" | "other";
export const GROUPS: readonly Group[] = ["talk", "contact", "crm", "ways", "time", "systems", "other"];

export interface NewStep {
  id: string;
  title: string;
  about: string;
  /** Other words people look for it by. */
  also: string;
  group: Group;
  icon: Icon;
  family: Family;
  /** The step; `id` makes an id that is free. */
  make: (id: (wish: string) => string) => Value;
}

type Map = { [key: string]: Value };

/** What is written for a new step of a verb. */
const FRESH: Record<Exclude<Verb, "do">, (id: (wish: string) => string) => Map> = {
  if: () => ({ if: "", [THEN]: [] }),
  switch: () => ({ switch: "", cases: { A: [] } }),
  for_each: (id) => ({ id: id("items"), for_each: "", steps: [] }),
  parallel: () => ({ parallel: { first: [], second: [] } }),
  repeat: (id) => ({ repeat: { id: id("rounds"), max: 3, steps: [] } }),
  again: () => ({ again: "" }),
  ask: (id) => ({ id: id("answer"), ask: "", timeout: "1h" }),
  wait_for: (id) => ({
    id: id("reply"),
    wait_for: "whatsapp.message_received",
    timeout: "48h",
    [THEN]: [],
    on_timeout: [],
  }),
  wait: () => ({ wait: "1h" }),
  set: () => ({ set: { name_1: "" } }),
  script: (id) => ({ id: id("result"), script: "" }),
  stop: () => ({ stop: "" }),
  run_flow: (id) => ({ id: id("called"), run_flow: "" }),
  answer_webhook: () => ({ answer_webhook: { status: 200 } }),
};
/** Written so that no object has a literal `then`, which promises look for. */
const THEN = "then";

const LOOKS: Record<Exclude<Verb, "do">, [Group, Icon, Family]> = {
  ask: ["talk", "ask", "talk"],
  if: ["ways", "if", "logic"],
  switch: ["ways", "switch", "logic"],
  for_each: ["ways", "loop", "logic"],
  repeat: ["ways", "loop", "logic"],
  parallel: ["ways", "parallel", "logic"],
  again: ["ways", "again", "end"],
  stop: ["ways", "stop", "end"],
  run_flow: ["ways", "flow", "logic"],
  wait: ["time", "time", "time"],
  wait_for: ["time", "wait", "time"],
  set: ["other", "set", "record"],
  script: ["other", "script", "record"],
  answer_webhook: ["systems", "answer", "record"],
};

/** Actions whose answer later steps use, by the id that a new step has: only what a step with an id answered can be inserted. */
const ANSWERS: Readonly<Record<string, string>> = {
  "crm.create_ticket": "ticket",
  "crm.upsert_contact": "record",
  "crm.get_contact": "record",
  "contact.find": "found",
  "http.request": "called",
};

/** Everything that can be added, the most used first within its group. */
export function newSteps(catalog: Catalog | undefined, t: Translate, abouts: (english: string) => string): NewStep[] {
  const actions = Object.values(catalog?.actions ?? {})
    .filter(({ name }) => !["notify.escalation", "notify.alarm"].includes(name))
    .map(
      ({ name, input, about }): NewStep => ({
        id: name,
        title: actionInWords(name, t),
        about: abouts(about),
        also: alsoOf(name.replace(".", "_"), t),
        group: groupOf(name),
        ...actionLook(name),
        make: (id) => ({ ...(ANSWERS[name] ? { id: id(ANSWERS[name]) } : {}), do: name, ...required(input) }),
      }),
    );
  const verbs = (Object.keys(LOOKS) as (keyof typeof LOOKS)[]).map((verb): NewStep => {
    const [group, icon, family] = LOOKS[verb];
    return {
      id: verb,
      title: t(`editor.verb.${verb}`),
      about: t(`editor.about.${verb}`),
      also: alsoOf(verb, t),
      group,
      icon,
      family,
      make: FRESH[verb],
    };
  });
  const all = [...actions, ...verbs];
  return all.sort(
    (a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || USUAL.indexOf(b.id) - USUAL.indexOf(a.id),
  );
}

const alsoOf = (name: string, t: Translate) => (worded(`editor.also.${name}`) ? t(`editor.also.${name}`) : "");

/** The steps most flows have, the most usual last. */
const USUAL = [
  "human.escalate",
  "ask",
  "whatsapp.send_choices",
  "whatsapp.reply",
  "whatsapp.send_template",
  "whatsapp.send_text",
  "contact.add_tags",
  "crm.create_ticket",
  "switch",
  "if",
  "wait_for",
  "wait",
];

function groupOf(name: string): Group {
  const capability = name.split(".")[0];
  if (capability === "whatsapp" || capability === "human") return "talk";
  if (capability === "contact" || capability === "crm") return capability;
  return "systems";
}

function required(input: Schema): Map {
  const names = input.required ?? [];
  if (names.length === 0) return {};
  const entries = names.map((name): [string, Value] => [name, input.properties?.[name]?.type === "array" ? [] : ""]);
  return { with: Object.fromEntries(entries) };
}

/** Those that fit what was typed; every word must be somewhere in the title, the sentence, the name or what else it is called. */
export function fitting(all: readonly NewStep[], search: string): NewStep[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ title, about, also, id }) => {
    const text = `${title} ${about} ${also} ${id}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
