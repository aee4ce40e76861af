import { Link } from "@tanstack/react-router";
import { BadgeCheck, ListChecks, MessageSquare, PencilLine, Tag, Users } from "lucide-react";
import type { Json, TimelineEntry } from "~/api/types";
import { useText } from "~/i18n";
import { formatted, OrderLines } from "~/ui/said";
import { RunStatusBadge } from "~/ui/status";
import { Time } from "~/ui/time";
import styles from "./contacts.module.css";

const ICONS = {
  message: MessageSquare,
  run: ListChecks,
  tag: Tag,
  field: PencilLine,
  consent: BadgeCheck,
  joined: Users,
};

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
            {entry.text ? <bdi>{formatted(entry.text)}</bdi> : !entry.order && t("run.no_text")}
          </p>
          {entry.order && <OrderLines order={entry.order} />}
        </>
      );
    case "run":
      return (
        <span className={styles.tags}>
          <Link to="/runs/$id" params={{ id: entry.id }}>
            <bdi>{entry.flow_name ?? entry.flow}</bdi>
          </Link>
          <RunStatusBadge status={entry.status} />
        </span>
      );
    case "tag":
      return <span>{t(entry.added ? "contacts.tag_on" : "contacts.tag_off", { tag: entry.tag })}</span>;
    case "field": {
      const names = {
        name: entry.name.replace(/^fields\./, ""),
        before: shown(entry.before),
        after: shown(entry.after),
      };
      return (
        <span>
          {t(entry.before === null ? "contacts.field_set" : "contacts.field_changed", names)} <By by={entry.by} />
        </span>
      );
    }
    case "consent":
      return (
        <span>
          {t(entry.given ? "contacts.agreed" : "contacts.refused", { purpose: entry.purpose })} <By by={entry.by} />
        </span>
      );
    case "joined":
      return (
        <span>
          {t(entry.parted ? "contacts.parted" : "contacts.merged")} <By by={entry.by} />
        </span>
      );
  }
}

const shown = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));

/** Who did it: a run as a link, a person by name. */
export function By({ by }: { by: string }) {
  if (by.startsWith("run_")) {
    return (
      <Link to="/runs/$id" params={{ id: by }} className={styles.quiet}>
        {by}
      </Link>
    );
  }
  // `user:usr_… Name` is a person, `evt_…` the customer's own message.
  const name = by.replace(/^\w+:\w+ /, "");
  return name.startsWith("evt_") ? null : <bdi className={styles.quiet}>{name}</bdi>;
}
