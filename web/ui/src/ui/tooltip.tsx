import type { ReactElement } from "react";
import { Tooltip, TooltipTrigger } from "react-aria-components";
import styles from "./tooltip.module.css";

/** Words on hover and focus for a control that already has a name; gone with Escape. */
export function Tip({ text, children }: { text: string; children: ReactElement }) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      {children}
      <Tooltip offset={6} className={styles.tip}>
        {text}
      </Tooltip>
    </TooltipTrigger>
  );
}
