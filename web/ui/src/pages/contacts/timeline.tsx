import { Link } from "@tanstack/react-router";
import { ListChecks, MessageSquare, Tag } from "lucide-react";
import type { TimelineEntry } from "~/api/types";
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
        const Icon = ICONS[entry.kind];
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
  switch (entry.kind) {
    case "message":
      return (
        <>
          <span className={styles.quiet}>{t(entry.inbound ? "contacts.wrote" : "contacts.got")}</span>
          <p dir="auto" className={styles.text}>
            {entry.text ? <bdi>{entry.text}</bdi> : t("run.no_text")}
          </p>
        </>
      );
    case "run":
      return (
        <span className={styles.tags}>
          <Link to="/runs/$id" params={{ id: entry.id }}>
            <bdi>{entry.flow}</bdi>
          </Link>
          <RunStatusBadge status={entry.status} />
        </span>
      );
    case "tag":
      return <span>{t(entry.added ? "contacts.tag_on" : "contacts.tag_off", { tag: entry.tag })}</span>;
  }
}
