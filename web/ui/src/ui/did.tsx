import type { JournalRow, Told } from "~/api/types";
import { useText, worded } from "~/i18n";
import styles from "./did.module.css";

/** Which of its fields name what it is about, the first that is there. */
const ABOUT = ["step", "rule", "flow", "what", "trigger", "event", "branch", "tag"];

/** What happened, in words: entries of one row of the log one after the other. What a newer server says more is shown by its own
 * name. */
export function Did({ row }: { row: JournalRow }) {
  const t = useText();
  if (row.entries.length === 0) return <span>{row.kind}</span>;
  return (
    <span className={styles.all}>
      {row.entries.map((entry, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries of a row never change their order.
        <span key={at}>{entry.what === undefined ? t("run.unreadable") : <Words what={entry.what} />}</span>
      ))}
    </span>
  );
}

function Words({ what }: { what: Told | string }) {
  const t = useText();
  const told: Told = typeof what === "string" ? { did: what } : what;
  if (told.did === "changed" && typeof told.what === "string" && worded(`did.changed.${told.what}`))
    return <>{t(`did.changed.${told.what}`)}</>;
  const about = ABOUT.map((name) => told[name]).find((value) => typeof value === "string" && value !== "");
  return (
    <>
      {worded(`did.${told.did}`) ? t(`did.${told.did}`) : told.did}{" "}
      {typeof about === "string" && <bdi className={styles.about}>{about}</bdi>}
    </>
  );
}
