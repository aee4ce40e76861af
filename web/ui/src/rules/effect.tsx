//! How many contacts a change gains and loses, small enough for a row.

import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import type { Counts } from "./api";
import styles from "./rules.module.css";

/** `−40 +15`; nothing when nobody changes. */
export function Effect({ counts }: { counts: Counts }) {
  const t = useText();
  if (counts.gained === 0 && counts.lost === 0) return null;
  return (
    <span className={styles.effect}>
      {counts.lost > 0 && (
        <span className={styles.lost}>
          <span aria-hidden>−{number(counts.lost)}</span>
          <span className="hidden">{t("rules.lost_n", { n: counts.lost })}</span>
        </span>
      )}
      {counts.gained > 0 && (
        <span className={styles.gained}>
          <span aria-hidden>+{number(counts.gained)}</span>
          <span className="hidden">{t("rules.gained_n", { n: counts.gained })}</span>
        </span>
      )}
    </span>
  );
}
