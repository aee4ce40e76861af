import { useEffect, useLayoutEffect, useState } from "react";
import { create } from "zustand";
import { useLive } from "~/api/live";
import { useText } from "~/i18n";
import { dateTime, duration, relative, shortTime } from "~/i18n/format";

const useClock = create<{ now: number }>(() => ({ now: Date.now() }));
const BEAT_MS = 10_000;
let watchers = 0;
let beat: ReturnType<typeof setInterval> | undefined;

/** Now by the server's clock, renewed every ten seconds by one timer for all who look. */
export function useNow(): Date {
  const now = useClock((state) => state.now);
  const ahead = useLive((state) => state.ahead);
  useLayoutEffect(() => {
    watchers += 1;
    if (watchers === 1) {
      // The clock stood still while nobody looked.
      useClock.setState({ now: Date.now() });
      beat = setInterval(() => useClock.setState({ now: Date.now() }), BEAT_MS);
    }
    return () => {
      watchers -= 1;
      if (watchers === 0) clearInterval(beat);
    };
  }, []);
  return new Date(now + ahead);
}

interface Props {
  at: string | null | undefined;
  /** `relative` is "3 min ago", `short` the time of day; the whole time is in the tip of both. */
  as?: "relative" | "short" | "full";
}

/** A time as people say it, with the exact one on hover and for machines. */
export function Time({ at, as = "relative" }: Props) {
  const now = useNow();
  useText();
  if (!at) return null;
  const date = new Date(at);
  // What has just happened is younger than the clock of the page, which beats slowly: it was now, not in three seconds.
  const ahead = date.getTime() - now.getTime();
  const since = ahead > 0 && ahead < BEAT_MS * 1.5 ? date : now;
  const text = as === "relative" ? relative(date, since) : as === "short" ? shortTime(date, now) : dateTime(date);
  return (
    <time dateTime={at} title={dateTime(date)}>
      {text}
    </time>
  );
}

/** How long something took, or has been going on. */
export function Duration({ from, to }: { from: string; to: string | null }) {
  const now = useNow();
  useText();
  const end = to ? new Date(to) : now;
  return <span>{duration(Math.max(0, end.getTime() - new Date(from).getTime()))}</span>;
}

/** `text` as it was `ms` ago: lists are not asked anew with each key. */
export function useSettled<T>(value: T, ms = 250): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}
