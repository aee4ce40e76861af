import { Check, CheckCheck, CircleAlert, Clock } from "lucide-react";
import type { MessageStatus } from "~/api/inbox";
import { useText } from "~/i18n";
import styles from "./messages.module.css";

const ICONS = {
  sending: Clock,
  accepted: Clock,
  sent: Check,
  delivered: CheckCheck,
  read: CheckCheck,
  played: CheckCheck,
  failed: CircleAlert,
} as const;

/** How far a message of ours got: icon, colour and a word for those who do not see them. */
export function Ticks({ status }: { status: MessageStatus | null }) {
  const t = useText();
  if (status === null || status === "received") return null;
  const Icon = ICONS[status] ?? Clock;
  const seen = status === "read" || status === "played";
  return (
    <span className={`${styles.ticks} ${seen ? styles.seen : ""}`} title={t(`status.${status}`)}>
      <Icon size={14} aria-hidden />
      <span className="hidden">{t(`status.${status}`)}</span>
    </span>
  );
}
