import type { JournalRow, Told } from "~/api/types";
import { useText } from "~/i18n";
import styles from "./did.module.css";

/** What the log can say; a newer server may say more, which is shown by its own name. */
const KNOWN = new Set(
  (
    "received matched passed rule_held rule_passed tag_expired tagged retagged delivered started decided branch chosen opened entered " +
    "left closed round again accepted computed resumed called returned replied finishing assigned planned acted attempted " +
    "finished told failed parked resolved waited fired answered escalated taken missed scheduled ended erased changed"
  ).split(" "),
);
/** Which of its fields name what it is about, the first that is there. */
const ABOUT = ["step", "rule", "flow", "what", "trigger", "event", "branch", "tag"];

/** What happened, in words: entries of one row of the log one after the other. */
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
  const about = ABOUT.map((name) => told[name]).find((value) => typeof value === "string" && value !== "");
  return (
    <>
      {KNOWN.has(told.did) ? t(`did.${told.did}`) : told.did}{" "}
      {typeof about === "string" && <bdi className={styles.about}>{about}</bdi>}
    </>
  );
}
