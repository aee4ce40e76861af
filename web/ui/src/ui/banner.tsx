import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { directionOf } from "~/i18n/direction";
import styles from "./banner.module.css";

const ICONS = { info: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleAlert };

/** A sentence about the whole page or form; `bad` and `warn` are read out when they appear. */
export function Banner({
  tone = "info",
  reveal = false,
  children,
  action,
}: {
  tone?: keyof typeof ICONS;
  /** It answers a press, maybe of a button far below: it is brought into sight. */
  reveal?: boolean;
  children: ReactNode;
  action?: ReactNode;
}) {
  const Icon = ICONS[tone];
  const loud = tone === "bad" || tone === "warn";
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (reveal) whole.current?.scrollIntoView({ block: "nearest" });
  }, [reveal]);
  return (
    <div ref={whole} className={`${styles.banner} ${styles[tone]}`} role={loud ? "alert" : "status"}>
      <Icon size={18} aria-hidden />
      <div className={styles.text} dir={typeof children === "string" ? directionOf(children) : undefined}>
        {children}
      </div>
      {action}
    </div>
  );
}
