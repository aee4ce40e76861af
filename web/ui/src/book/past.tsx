import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { importsQuery, stopImport } from "~/api/imports";
import { queries } from "~/api/queries";
import type { ContactImport } from "~/api/types";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Badge } from "~/ui/status";
import { Time } from "~/ui/time";
import { toastError } from "~/ui/toast";
import styles from "./book.module.css";
import { Refusals } from "./preview";

const TONES = { running: "busy", done: "good", stopped: "warn", interrupted: "warn" } as const;

/** How far one import is, until it ended. */
export function Progress({ id }: { id: string }) {
  const t = useText();
  const one = useQuery(importsQuery).data?.imports.find((known) => known.id === id);
  const ended = one !== undefined && one.state !== "running";
  useEffect(() => {
    if (ended) void queries.invalidateQueries({ queryKey: ["contact", "list"] });
  }, [ended]);
  if (!one) return null;
  return (
    <section className={styles.form} aria-live="polite">
      {one.state === "running" ? (
        <>
          <progress className={styles.bar} max={one.total} value={one.done} aria-label={t("book.state.running")} />
          <p>{t("book.progress", { done: number(one.done), total: number(one.total) })}</p>
          <p className={styles.quiet}>{t("book.goes_on")}</p>
          <div>
            <Button onPress={() => stopImport(id).catch(toastError)}>{t("book.stop")}</Button>
          </div>
        </>
      ) : (
        <>
          <Banner tone={one.state === "done" ? "good" : "warn"}>{t(`book.ended.${one.state}`)}</Banner>
          <Counts one={one} />
          <Refusals list={one.refusals} total={one.refused} />
        </>
      )}
    </section>
  );
}

function Counts({ one }: { one: ContactImport }) {
  const t = useText();
  const counts: [string, number][] = [
    [t("book.created"), one.created],
    [t("book.changed"), one.changed],
    [t("book.same"), one.same],
    [t("book.refused"), one.refused],
  ];
  return (
    <dl className={styles.counts}>
      {counts.map(([name, count]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{number(count)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Files that were brought in before. */
export function PastImports() {
  const t = useText();
  const imports = useQuery(importsQuery).data?.imports ?? [];
  if (imports.length === 0) return null;
  return (
    <section aria-label={t("book.past")}>
      <h3>{t("book.past")}</h3>
      <ul className={styles.rows}>
        {imports.map((one) => (
          <li key={one.id}>
            <Badge tone={TONES[one.state]}>{t(`book.state.${one.state}`)}</Badge>
            <bdi className={styles.header}>{one.name}</bdi>
            <span className={styles.quiet}>
              {t("book.did", {
                created: number(one.created),
                changed: number(one.changed),
                refused: number(one.refused),
              })}
              {" · "}
              <Time at={one.at} as="short" />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
