import { useLayoutEffect } from "react";
import { create } from "zustand";
import { leftUntil, serverNow } from "~/api/clock";
import styles from "./desk.module.css";

/** Below this one has to hurry. */
export const HURRY_MS = 8_000;
const TICK_MS = 250;

const useTick = create<{ now: number }>(() => ({ now: serverNow() }));
const tick = () => useTick.setState({ now: serverNow() });
let watchers = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/**
 * Now by the server's clock, four times a second, never counted: a page in the background misses ticks. One timer for all who look,
 * so that a long line is drawn again four times a second and not four times a second for each who waits.
 */
export function useServerNow(): number {
  useLayoutEffect(() => {
    watchers += 1;
    if (watchers === 1) {
      // The clock stood still while nobody looked.
      tick();
      timer = setInterval(tick, TICK_MS);
    }
    return () => {
      watchers -= 1;
      if (watchers === 0) clearInterval(timer);
    };
  }, []);
  return useTick(({ now }) => now);
}

export type Urgency = "calm" | "hurry" | "late";

export function urgency(ms: number): Urgency {
  return ms <= 0 ? "late" : ms <= HURRY_MS ? "hurry" : "calm";
}

/** Minutes and whole seconds that are left; the last second counts as one. */
export function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1_000);
  return `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
}

/** What is left until `deadline`, as figures and as a bar that grows shorter. */
export function Left({ since, deadline }: { since: string; deadline: string }) {
  const now = useServerNow();
  const left = leftUntil(deadline, now);
  const whole = Math.max(1, Date.parse(deadline) - Date.parse(since));
  return (
    <span className={`${styles.left} ${styles[urgency(left)]}`} role="timer" dir="ltr">
      {clock(left)}
      <span className={styles.track} aria-hidden>
        <span className={styles.rest} style={{ inlineSize: `${Math.min(100, (left / whole) * 100)}%` }} />
      </span>
    </span>
  );
}
