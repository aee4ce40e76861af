//! What a step's card says, in words for people who never read the text.

import { type Translate, worded } from "~/i18n";
import { operandOf } from "../expression/condition";
import { formulaOf, isFormula } from "../expression/template";
import { conditionInWords, nameInWords, textInWords } from "../expression/words";
import { durationInWords } from "./duration";
import type { Lane, Step, Trigger } from "./model";
import { asText, isWrittenMap, type Written, type WrittenMap } from "./view";

/** Which picture a card has. */
export type Icon =
  | "message"
  | "template"
  | "choices"
  | "file"
  | "tag"
  | "consent"
  | "field"
  | "human"
  | "crm"
  | "web"
  | "notify"
  | "action"
  | "if"
  | "switch"
  | "loop"
  | "parallel"
  | "wait"
  | "ask"
  | "set"
  | "script"
  | "stop"
  | "again"
  | "flow"
  | "answer"
  | "unknown"
  | "time";
/** What a step is about, shown by the colour of its picture. */
export type Family = "talk" | "record" | "logic" | "time" | "end";

export interface Card {
  title: string;
  detail: string;
  icon: Icon;
  family: Family;
}

/** Actions that have words of their own; others are shown by their name. */
const ACTIONS: Record<string, { icon: Icon; family: Family }> = {
  "whatsapp.send_text": { icon: "message", family: "talk" },
  "whatsapp.reply": { icon: "message", family: "talk" },
  "whatsapp.send_template": { icon: "template", family: "talk" },
  "whatsapp.send_choices": { icon: "choices", family: "talk" },
  "whatsapp.send_media": { icon: "file", family: "talk" },
  "contact.add_tags": { icon: "tag", family: "record" },
  "contact.remove_tags": { icon: "tag", family: "record" },
  "contact.set_consent": { icon: "consent", family: "record" },
  "contact.set_field": { icon: "field", family: "record" },
  "contact.set_priority": { icon: "field", family: "record" },
  "contact.find": { icon: "field", family: "record" },
  "human.assign": { icon: "human", family: "talk" },
  "human.escalate": { icon: "human", family: "talk" },
  "crm.create_ticket": { icon: "crm", family: "record" },
  "crm.upsert_contact": { icon: "crm", family: "record" },
  "crm.get_contact": { icon: "crm", family: "record" },
  "crm.set_fields": { icon: "crm", family: "record" },
  "crm.add_tags": { icon: "crm", family: "record" },
  "crm.set_owner": { icon: "crm", family: "record" },
  "http.request": { icon: "web", family: "record" },
  "notify.alarm": { icon: "notify", family: "talk" },
  "notify.escalation": { icon: "notify", family: "talk" },
  "notify.send": { icon: "notify", family: "talk" },
  "chatwoot.add_note": { icon: "crm", family: "record" },
  "chatwoot.hand_over": { icon: "human", family: "talk" },
};

/** What an action does, in words. */
export function actionInWords(name: string, t: Translate): string {
  return name in ACTIONS ? t(`editor.action.${name.replace(".", "_")}`) : spelled(name.split(".").at(-1) ?? name);
}

/** A name that has no words of its own, as one reads it: `sales_region` is "Sales region". */
export function spelled(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** What a field of an action or trigger is called. */
export function fieldInWords(name: string, t: Translate): string {
  return worded(`editor.field.${name}`) ? t(`editor.field.${name}`) : spelled(name);
}

export function actionLook(name: string): { icon: Icon; family: Family } {
  return ACTIONS[name] ?? { icon: "action", family: "record" };
}

/** The card of a step. A step with a name is called by it. */
export function cardOf(step: Step, t: Translate): Card {
  const card = plain(step, t);
  return step.name ? { ...card, title: step.name, detail: card.detail || card.title } : card;
}

/** What the server calls a step: its name or id as it is; else its verb and what that is about, in words. */
export function labelInWords(label: string, verb: string | null | undefined, t: Translate): string {
  if (verb === "do" && /^[a-z_]+\.[a-z_]+$/.test(label)) return actionInWords(label, t);
  if (!verb || verb === "do" || !(label === verb || label.startsWith(`${verb} `))) return label;
  const about = label.slice(verb.length + 1);
  return [t(`editor.verb.${verb}`), about && durationInWords(about)].filter(Boolean).join(" ");
}

function plain(step: Step, t: Translate): Card {
  const { data, verb } = step;
  const one = (icon: Icon, family: Family, detail = ""): Card => ({
    title: t(`editor.verb.${verb}`),
    detail,
    icon,
    family,
  });
  switch (verb) {
    case "do":
      return action(data, t);
    case "if":
      return one("if", "logic", conditionInWords(asText(data.if), t));
    case "switch":
      return one("switch", "logic", expression(asText(data.switch), t));
    case "for_each":
      return one("loop", "logic", expression(asText(data.for_each), t));
    case "parallel":
      return one("parallel", "logic", Object.keys(isWrittenMap(data.parallel) ? data.parallel : {}).join(" · "));
    case "repeat":
      return one("loop", "logic", rounds(data, t));
    case "again":
      return one("again", "end", asText(data.again));
    case "ask":
      return one("ask", "talk", written(data.ask, t));
    case "wait_for":
      return one("wait", "time", awaited(data, t));
    case "wait":
      return one("time", "time", waited(data.wait, t));
    case "set":
      return one("set", "record", Object.keys(isWrittenMap(data.set) ? data.set : {}).join(", "));
    case "script":
      return one("script", "record", asText(data.script).trim().split("\n")[0]);
    case "stop":
      return one("stop", "end", isWrittenMap(data.stop) ? written(data.stop.reason, t) : written(data.stop, t));
    case "run_flow":
      return one("flow", "logic", asText(data.run_flow));
    case "answer_webhook":
      return one("answer", "record", isWrittenMap(data.answer_webhook) ? asText(data.answer_webhook.status) : "");
    default:
      return { title: t("editor.verb.none"), detail: "", icon: "unknown", family: "logic" };
  }
}

function action(data: WrittenMap, t: Translate): Card {
  const name = asText(data.do);
  return {
    title: actionInWords(name, t),
    detail: actionDetail(name, isWrittenMap(data.with) ? data.with : {}, t),
    ...actionLook(name),
  };
}

/** Which field of an action says most about it. */
const TELLING: Record<string, string[]> = {
  "whatsapp.send_template": ["template"],
  "human.escalate": ["team", "reason"],
  "http.request": ["method", "url"],
  "contact.set_field": ["field", "value"],
  "contact.set_consent": ["purpose"],
};

function actionDetail(name: string, fields: WrittenMap, t: Translate): string {
  const telling = TELLING[name] ?? [
    Object.keys(fields).find((key) => ["text", "subject", "tags", "priority", "name"].includes(key)) ?? "",
  ];
  const parts = telling.map((key) => fields[key]).filter((value) => value !== undefined && value !== null);
  if (parts.length > 0)
    return parts
      .map((part) => written(part, t))
      .filter(Boolean)
      .join(" · ");
  return Object.keys(fields).join(", ");
}

/** Any value in a line: text with what is inserted in words, a list by its items, a formula by its name. */
export function written(value: Written | undefined, t: Translate): string {
  if (Array.isArray(value)) return value.map((item) => written(item, t)).join(", ");
  if (isWrittenMap(value)) return Object.keys(value).join(", ");
  const text = asText(value);
  return isFormula(text) ? expression(formulaOf(text), t) : textInWords(text, t);
}

function expression(code: string, t: Translate): string {
  const operand = operandOf(code.trim());
  return operand.kind === "name" ? nameInWords(operand.name, t) : code;
}

function rounds(data: WrittenMap, t: Translate): string {
  const repeat = isWrittenMap(data.repeat) ? data.repeat : {};
  const until = repeat.until === undefined ? "" : conditionInWords(asText(repeat.until), t);
  return until
    ? t("editor.card.until", { max: asText(repeat.max), until })
    : t("editor.card.rounds", { max: asText(repeat.max) });
}

function awaited(data: WrittenMap, t: Translate): string {
  const event = isWrittenMap(data.wait_for) ? (Object.keys(data.wait_for)[0] ?? "") : asText(data.wait_for);
  const what = triggerInWords(event, t);
  const timeout = asText(data.timeout);
  return timeout && timeout !== "never" ? t("editor.card.at_most", { what, time: durationInWords(timeout) }) : what;
}

function waited(wait: Written | undefined, t: Translate): string {
  if (!isWrittenMap(wait)) return durationInWords(asText(wait));
  if (wait.business_hours !== undefined) return t("editor.card.open", { calendar: asText(wait.business_hours) });
  return t("editor.card.till", { time: written(wait.until, t) });
}

const TRIGGERS = [
  "whatsapp.order_received",
  "whatsapp.message_received",
  "whatsapp.message_status",
  "form.submitted",
  "conversation.no_reply",
  "conversation.session_long",
  "contact.tag_added",
  "contact.tag_removed",
  "contact.consent_changed",
  "crm.field_changed",
  "crm.record_created",
  "schedule.cron",
  "webhook.received",
  "manual",
  "flow.called",
  "flow.failed",
  "escalation.missed",
  "escalation.taken",
];

/** Triggers as people look for them, the most used first. */
export function usualFirst(types: readonly string[]): string[] {
  const rank = (type: string) => (TRIGGERS.includes(type) ? TRIGGERS.indexOf(type) : TRIGGERS.length);
  return [...types].sort((a, b) => rank(a) - rank(b));
}

/** What starts a flow, in words. */
export function triggerInWords(type: string, t: Translate): string {
  return TRIGGERS.includes(type) ? t(`editor.trigger.${type.replace(".", "_")}`) : type;
}

/** What narrows a trigger down, on one line. */
export function triggerDetail(trigger: Trigger, t: Translate): string {
  const params = Object.entries(trigger.params).map(([key, value]) => {
    if (key === "after") return durationInWords(asText(value));
    return value === true ? t(`editor.param.${key}`) : written(value, t);
  });
  if (trigger.when) params.push(conditionInWords(trigger.when, t));
  return params.join(" · ");
}

/** The name of a way on from a step. */
export function laneInWords(lane: Lane, t: Translate): string {
  return lane.label ?? t(`editor.lane.${lane.kind}`);
}
