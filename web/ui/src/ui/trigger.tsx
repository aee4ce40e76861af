import { type Translate, useText } from "~/i18n";

/** Kinds of events that start something, as the engine names them. */
const KNOWN = new Set([
  "flow.called",
  "whatsapp.order_received",
  "whatsapp.message_received",
  "form.submitted",
  "whatsapp.message_echoed",
  "whatsapp.message_status",
  "whatsapp.preference_changed",
  "whatsapp.message_changed",
  "conversation.no_reply",
  "conversation.session_long",
  "contact.tag_added",
  "contact.tag_removed",
  "contact.consent_changed",
  "flow.failed",
  "escalation.missed",
  "escalation.taken",
  "crm.record_created",
  "crm.field_changed",
  "schedule.cron",
  "webhook.received",
  "manual",
]);

/** What starts a flow, in words; nothing of a kind this app does not know yet. */
export const triggerName = (kind: string, t: Translate): string | null =>
  KNOWN.has(kind) ? t(`trigger.${kind.replace(".", "_")}`) : null;

/** The same; a kind this app does not know yet by its own name. */
export function TriggerName({ kind }: { kind: string }) {
  const t = useText();
  return triggerName(kind, t) ?? <code dir="ltr">{kind}</code>;
}
