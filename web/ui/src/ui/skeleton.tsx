import { useText } from "~/i18n";
import styles from "./skeleton.module.css";

/** Grey lines in place of what is being read. */
export function Skeleton({ lines = 6 }: { lines?: number }) {
  const t = useText();
  return (
    <div className={styles.skeleton} role="status" aria-label={t("ui.loading")}>
      {Array.from({ length: lines }, (_, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all the same.
        <span key={at} className={styles.line} style={{ inlineSize: `${94 - ((at * 17) % 40)}%` }} />
      ))}
    </div>
  );
}
