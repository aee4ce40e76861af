import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { directionOf } from "~/i18n/direction";
import styles from "./banner.module.css";

const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

/** A sentence about the whole page or form; `bad` and `warn` are read out when they appear. */
export function Banner({
  tone = "info",
  children,
  action,
}: {
  tone?: keyof typeof ICONS;
  children: ReactNode;
  action?: ReactNode;
}) {
  const Icon = ICONS[tone];
  const loud = tone === "bad" || tone === "warn";
  return (
    <div className={`${styles.banner} ${styles[tone]}`} role={loud ? "alert" : "status"}>
      <Icon size={18} aria-hidden />
      <div className={styles.text} dir={typeof children === "string" ? directionOf(children) : undefined}>
        {children}
      </div>
      {action}
    </div>
  );
}
