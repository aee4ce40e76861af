import type { JournalRow } from "~/api/types";
import { useText } from "~/i18n";
import { Did, type StepNames } from "~/ui/did";
import { JsonView } from "~/ui/json";
import { By } from "~/ui/person";
import { Time } from "~/ui/time";
import styles from "./run.module.css";

/** The log of the run, as it was written. */
export function Journal({ rows, steps }: { rows: JournalRow[]; steps: StepNames }) {
  const t = useText();
  return (
    <ol className={styles.journal}>
      {rows.map((row) => (
        <li key={`${row.id} ${row.seq}`}>
          <details>
            <summary>
              <Time at={row.at} as="short" />
              <span className={styles.what}>
                <Did row={row} steps={steps} />
              </span>
              {row.by && (
                <span className={styles.by}>
                  <By who={row.by} />
                </span>
              )}
            </summary>
            {row.erased && <p className={styles.none}>{t("run.erased")}</p>}
            {row.entries.map((entry, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: entries of a row never change their order.
              <JsonView key={at} value={entry.data ?? null} label={t("run.journal")} />
            ))}
          </details>
        </li>
      ))}
    </ol>
  );
}
