import { Link } from "@tanstack/react-router";
import { ListChecks, MessageSquare, Tag } from "lucide-react";
import type { Run, TimelineEntry } from "~/api/types";
import { useText } from "~/i18n";
import { RunStatusBadge } from "~/ui/status";
import { Time } from "~/ui/time";
import styles from "./contacts.module.css";

const ICONS = { message: MessageSquare, run: ListChecks, tag: Tag };

/** What happened with a person, newest first. */
export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const t = useText();
  if (entries.length === 0) return <p className={styles.quiet}>{t("contacts.no_history")}</p>;
  return (
    <ol className={styles.timeline}>
      {entries.map((entry, at) => {
        const Icon = ICONS[entry.kind as keyof typeof ICONS] ?? ListChecks;
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id of their own and are only ever added to.
          <li key={at} className={styles.entry}>
            <Icon size={16} aria-hidden />
            <div className={styles.entryBody}>
              <Entry entry={entry} />
            </div>
            <span className={styles.quiet}>
              <Time at={entry.at} as="short" />
            </span>
          </li>
        );
      })}
    </ol>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const t = useText();
  if (entry.kind === "message") {
    const message = (entry.message ?? entry) as { inbound: boolean; text: string | null; status?: string };
    return (
      <>
        <span className={styles.quiet}>{t(message.inbound ? "contacts.wrote" : "contacts.got")}</span>
        <p dir="auto" className={styles.text}>
          {message.text ?? t("run.no_text")}
        </p>
      </>
    );
  }
  if (entry.kind === "run") {
    const run = (entry.run ?? entry) as Run;
    return (
      <span className={styles.tags}>
        <Link to="/runs/$id" params={{ id: run.id }}>
          <bdi>{run.flow}</bdi>
        </Link>
        <RunStatusBadge status={run.status} />
      </span>
    );
  }
  if (entry.kind === "tag") {
    const { tag, added } = (entry.tag && typeof entry.tag === "object" ? entry.tag : entry) as {
      tag: string;
      added?: boolean;
    };
    return <span>{t(added === false ? "contacts.tag_off" : "contacts.tag_on", { tag })}</span>;
  }
  return <span>{entry.kind}</span>;
}
