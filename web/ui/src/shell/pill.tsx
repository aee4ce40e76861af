import { useLive } from "~/api/live";
import { useText } from "~/i18n";
import { shortTime } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import styles from "./pill.module.css";

/** Whether what is shown is what is: live, coming back, or old. */
export function LivePill() {
  const t = useText();
  const link = useLive((state) => state.link);
  return (
    <span className={`${styles.pill} ${styles[link]}`} role="status">
      <span className={styles.lamp} aria-hidden />
      <span className={styles.word}>{t(`live.${link}`)}</span>
    </span>
  );
}

/** No page shows old figures as if they were new. */
export function StaleBanner() {
  const t = useText();
  const { link, heardAt } = useLive();
  if (link !== "stale") return null;
  const at = new Date(heardAt);
  return (
    <div className={styles.banner}>
      <Banner tone="warn">{t("live.stale_since", { time: shortTime(at, new Date()) })}</Banner>
    </div>
  );
}
