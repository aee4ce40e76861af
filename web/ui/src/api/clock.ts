import { useLive } from "./live";

/** How far the server's clock is ahead of ours, and how wrong that may be: half of the way there and back. */
interface Sample {
  ahead: number;
  doubt: number;
  /** By a clock that nobody sets. */
  at: number;
}

/** Clocks drift: a sample older than this no longer wins by being exact. */
const KEEP_MS = 60_000;
let best: Sample | null = null;

/** Learns from an answer that said `now` and was asked for at `sent` and read at `got` (both of `Date.now`). */
export function heardNow(now: string, sent: number, got: number): void {
  const doubt = (got - sent) / 2;
  const ahead = Date.parse(now) - (sent + doubt);
  if (Number.isNaN(ahead)) return;
  const at = performance.now();
  if (best === null || doubt <= best.doubt || at - best.at > KEEP_MS) best = { ahead, doubt, at };
}

/** Forgets what was learnt: the machine slept, or its clock was set. */
export function forgetClock(): void {
  best = null;
}

/** Now by the server's clock, in milliseconds; a machine set wrong still counts down the seconds that are left. */
export function serverNow(): number {
  return Date.now() + (best?.ahead ?? useLive.getState().ahead);
}

/** What is left until `deadline`, in milliseconds; never below 0. */
export function leftUntil(deadline: string, now: number = serverNow()): number {
  return Math.max(0, Date.parse(deadline) - now);
}
