//! How often a rule held in the last seven days: a number, and its days as small bars.

import type { Rule } from "~/api/types";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import styles from "./rules.module.css";

const HEIGHT = 16;

export function Hits({ hits, watch }: { hits: Rule["hits"] | undefined; watch: boolean }) {
  const t = useText();
  if (!hits) return <span className={styles.quiet}>{t("rules.hits.new")}</span>;
  const days = hits.held.map((held, day) => held + (hits.watched[day] ?? 0));
  const total = days.reduce((sum, day) => sum + day, 0);
  const most = Math.max(1, ...days);
  const words = t(watch ? "rules.hits.watched" : "rules.hits.held", { n: total });
  return (
    <span className={styles.hits} title={words}>
      <span className="hidden">{words}</span>
      <span aria-hidden>{number(total)}</span>
      <svg aria-hidden="true" width={7 * 5} height={HEIGHT} className={watch ? styles.would : styles.bars}>
        {days.map((day, index) => {
          const height = day === 0 ? 1 : Math.max(2, Math.round((day / most) * HEIGHT));
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its day.
          return <rect key={index} x={index * 5} y={HEIGHT - height} width={4} height={height} rx={1} />;
        })}
      </svg>
    </span>
  );
}
