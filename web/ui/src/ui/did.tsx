import type { JournalRow, Told } from "~/api/types";
import { useText, worded } from "~/i18n";
import styles from "./did.module.css";
import { TriggerName, triggerName } from "./trigger";

/** Which of its fields name what it is about, the first that is there. */
const ABOUT = ["step", "rule", "flow", "what", "trigger", "event", "branch", "tag"];

/** What steps are called, by their names in the log. */
export type StepNames = ReadonlyMap<string, string>;
const NO_NAMES: StepNames = new Map();

/** What happened, in words: entries of one row of the log one after the other. What a newer server says more is shown by its own
 * name. */
export function Did({ row, steps = NO_NAMES }: { row: JournalRow; steps?: StepNames }) {
  const t = useText();
  if (row.entries.length === 0) return <span>{row.kind}</span>;
  return (
    <span className={styles.all}>
      {row.entries.map((entry, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries of a row never change their order.
        <span key={at}>
          {entry.what === undefined ? t("run.unreadable") : <Words what={entry.what} steps={steps} />}
        </span>
      ))}
    </span>
  );
}

function Words({ what, steps }: { what: Told | string; steps: StepNames }) {
  const t = useText();
  const told: Told = typeof what === "string" ? { did: what } : what;
  if (told.did === "changed" && typeof told.what === "string" && worded(`did.changed.${told.what}`))
    return <>{t(`did.changed.${told.what}`)}</>;
  const [of, about] = ABOUT.map((name) => [name, told[name]]).find(([, value]) => isText(value)) ?? [];
  const name = !isText(about) ? null : of === "step" ? steps.get(about) : triggerName(about, t);
  return (
    <>
      {worded(`did.${told.did}`) ? t(`did.${told.did}`) : told.did}{" "}
      {name ? <bdi className={styles.name}>{name}</bdi> : isText(about) && <bdi className={styles.about}>{about}</bdi>}
      {told.did === "waited" && isText(told.event) && (
        <>
          {" · "}
          <TriggerName kind={told.event} />
        </>
      )}
    </>
  );
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
