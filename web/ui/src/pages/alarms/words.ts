import { type Alarm, KINDS } from "~/api/alarms";
import type { Translate } from "~/i18n";

const KNOWN: ReadonlySet<string> = new Set(KINDS);

/** What an alarm is about, from its key: a connection, a flow and what is called, a folder. */
export function subject(key: string): { name: string; other: string } {
  const [kind = "", ...rest] = key.split("/");
  if (kind === "disk") return { name: rest.join("/"), other: "" };
  const [name = "", ...others] = rest;
  return { name, other: others.join("/") };
}

/** Its headline; a kind that this page does not know yet, and one whose team was not kept, says it in the server's words. */
export function headline(t: Translate, alarm: Alarm): string {
  const unknown = !KNOWN.has(alarm.kind) || (alarm.kind.startsWith("escalation_") && !alarm.customer);
  if (unknown) return alarm.title;
  return t(`alarm_kind.${alarm.kind}`, { ...subject(alarm.key), team: alarm.customer?.team ?? "" });
}

/** What to do about it; nothing where the server's own words are all there is. */
export function advice(t: Translate, alarm: Alarm): string | null {
  return KNOWN.has(alarm.kind) ? t(`alarm_text.${alarm.kind}`, subject(alarm.key)) : null;
}
