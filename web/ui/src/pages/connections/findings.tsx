import { CircleAlert, CircleCheck } from "lucide-react";
import type { Findings } from "~/api/connections";
import { useText } from "~/i18n";
import styles from "./connections.module.css";

/** What the doctor found, good and bad. */
export function FindingList({ found }: { found: Findings }) {
  const t = useText();
  return (
    <ul className={styles.findings} aria-label={t("connections.findings")}>
      {found.findings.map((finding) => (
        <li key={`${finding.about} ${finding.text}`} className={finding.good ? styles.good : styles.bad}>
          {finding.good ? <CircleCheck size={16} aria-hidden /> : <CircleAlert size={16} aria-hidden />}
          <span dir="auto">
            <strong>{finding.about}</strong>: {finding.text}
            <span className="hidden"> {t(finding.good ? "connections.good" : "connections.bad")}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
