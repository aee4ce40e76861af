//! What the draft would have done with what came in within the last week, beside what is in force; with everything stored when that is
//! asked for. Counted on request: a long history takes a while.

import { useMutation } from "@tanstack/react-query";
import { History } from "lucide-react";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Button } from "~/ui/button";
import { type Count, type Past, tryOnPast } from "../api";
import { actionInWords } from "../model/cards";
import styles from "./publish.module.css";

const WEEK_DAYS = 7;

export function OnPast({ id, text }: { id: string; text: string }) {
  const t = useText();
  const past = useMutation({ mutationFn: (days: number | null) => tryOnPast(id, text, days) });
  const isOf = (days: number | null) => past.isPending && past.variables === days;
  return (
    <section>
      <h3>{t("editor.past")}</h3>
      <div aria-live="polite" className={styles.past}>
        {!past.data && <p className={styles.quiet}>{t("editor.past.about")}</p>}
        {past.error && <p className={styles.bad}>{past.error.message}</p>}
        {past.data && <Found past={past.data} />}
      </div>
      <span className={styles.asks}>
        <Button
          size="s"
          icon={<History size={14} aria-hidden />}
          isPending={isOf(WEEK_DAYS)}
          onPress={() => past.mutate(WEEK_DAYS)}
        >
          {isOf(WEEK_DAYS) ? t("editor.past.busy") : t("editor.past.do", { days: WEEK_DAYS })}
        </Button>
        <Button size="s" look="plain" isPending={isOf(null)} onPress={() => past.mutate(null)}>
          {t(isOf(null) ? "editor.past.busy" : "editor.past.do_all")}
        </Button>
      </span>
    </section>
  );
}

function Found({ past }: { past: Past }) {
  const t = useText();
  const span = past.since ? t("editor.past.week", { days: WEEK_DAYS }) : t("editor.past.all");
  if (past.events === 0) {
    return (
      <p className={styles.quiet}>
        {span}: {t("editor.past.none")}
      </p>
    );
  }
  const { draft, now, gained, lost } = past.starts;
  return (
    <>
      <p>
        <strong>{span}:</strong> {t("editor.past.starts", { events: past.events, draft, now })}{" "}
        {(gained > 0 || lost > 0) && <strong>{t("editor.past.differ", { gained, lost })}</strong>}
      </p>
      {past.actions.length > 0 && (
        <table className={styles.counts}>
          <thead>
            <tr>
              <th scope="col">{t("editor.past.action")}</th>
              <th scope="col">{t("editor.past.now")}</th>
              <th scope="col">{t("editor.past.draft")}</th>
            </tr>
          </thead>
          <tbody>
            {past.actions.map((count) => (
              <Row key={count.what} count={count} />
            ))}
          </tbody>
        </table>
      )}
      {past.calls_assumed > 0 && <p className={styles.quiet}>{t("editor.past.assumed", { n: past.calls_assumed })}</p>}
    </>
  );
}

function Row({ count: { what, now, draft } }: { count: Count }) {
  const t = useText();
  return (
    <tr>
      <th scope="row">
        <bdi>{actionInWords(what, t)}</bdi>
      </th>
      <td>{number(now)}</td>
      <td className={now === draft ? undefined : styles.differs}>{number(draft)}</td>
    </tr>
  );
}
