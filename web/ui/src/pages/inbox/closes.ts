import { useEffect, useState } from "react";
import { leftUntil, serverNow } from "~/api/clock";

const MINUTE = 60_000;
/** Below this the window is about to close, and it is said loudly. */
export const SOON_MS = 30 * MINUTE;

export interface ReplyWindow {
  open: boolean;
  /** Milliseconds until it closes. */
  left: number;
  soon: boolean;
}

/** Whether free text may go to the customer: until `closes`, by the server's clock. */
export function replyWindow(closes: string | null, now: number): ReplyWindow {
  const left = closes === null ? 0 : leftUntil(closes, now);
  return { open: left > 0, left, soon: left > 0 && left <= SOON_MS };
}

/** How long until what is shown of `left` changes: with minutes each minute, at the end each second. */
export function nextLook(left: number): number {
  if (left <= 0) return MINUTE;
  if (left <= 2 * MINUTE) return Math.min(left, 1_000);
  return Math.min(left - 2 * MINUTE, 20_000);
}

/** `replyWindow` as time goes by: it closes at the second, with nothing happening. */
export function useReplyWindow(closes: string | null): ReplyWindow {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    const timer = setTimeout(() => setNow(serverNow()), nextLook(replyWindow(closes, now).left));
    return () => clearTimeout(timer);
  }, [closes, now]);
  return replyWindow(closes, serverNow());
}
