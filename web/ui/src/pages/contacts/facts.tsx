import { useInfiniteQuery } from "@tanstack/react-query";
import { timelineQuery } from "~/api/contacts";
import type { ContactDetail, Json } from "~/api/types";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Facts } from "~/ui/page";
import { Badge } from "~/ui/status";
import { Time } from "~/ui/time";
import styles from "./contacts.module.css";
import { By } from "./timeline";

/** What the person agreed to and refused, and the log of that. */
export function Consent({ contact }: { contact: ContactDetail }) {
  const t = useText();
  const history = useInfiniteQuery(timelineQuery(contact.id)).data?.pages.flatMap((page) => page.timeline) ?? [];
  const log = history.filter((entry) => entry.kind === "consent");
  const consent = Object.entries((contact.consent ?? {}) as Record<string, Json>);
  if (consent.length === 0) return <p className={styles.quiet}>{t("contacts.never_asked")}</p>;
  return (
    <>
      <Facts
        rows={consent.map(([purpose, given]) => [
          purpose,
          <Badge key={purpose} tone={given === true ? "good" : "bad"}>
            {t(given === true ? "contacts.yes" : "contacts.no")}
          </Badge>,
        ])}
      />
      {log.length > 0 && (
        <details className={styles.log}>
          <summary>{t("contacts.consent_log")}</summary>
          <ul>
            {log.map((entry) => (
              <li key={`${entry.at} ${entry.purpose}`}>
                <Time at={entry.at} as="short" />{" "}
                {t(entry.given ? "contacts.agreed" : "contacts.refused", { purpose: entry.purpose })}{" "}
                <By by={entry.by} />
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

/** Fields of the workspace's own. */
export function Fields({ contact }: { contact: ContactDetail }) {
  const t = useText();
  const fields = Object.entries((contact.fields ?? {}) as Record<string, Json>);
  if (fields.length === 0) return <p className={styles.quiet}>{t("contacts.no_fields")}</p>;
  return <Facts rows={fields.map(([name, value]) => [name, <bdi key={name}>{shown(value)}</bdi>])} />;
}

const shown = (value: Json) =>
  typeof value === "number" ? number(value) : typeof value === "string" ? value : JSON.stringify(value);
