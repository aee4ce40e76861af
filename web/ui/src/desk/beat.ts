import { create } from "zustand";
import { ApiError } from "~/api/client";
import { forgetClock } from "~/api/clock";
import { beat, type PresenceState, readDesk } from "~/api/desk";

interface Seen {
  /** Whether the server heard the last beat; while it did not, nobody is offered to this person. */
  heard: boolean;
  state: PresenceState | null;
}

/** What the beats of this browser say; only the tab that beats knows. */
export const useBeat = create<Seen>(() => ({ heard: true, state: null }));

/** The server counts somebody as gone 10 s after their last beat: after two missed ones the page says so. */
const MOST_MISSED = 2;

/**
 * Tells the server every 3 s that this person's page is open, until the returned function is called. One tab does it for all:
 * the one that holds the lock, which also keeps the browser from putting that tab to sleep.
 */
export function keepBeating(): () => void {
  const stop = new AbortController();
  const lead = () => beatUntil(stop.signal);
  if (navigator.locks) navigator.locks.request("presence", { signal: stop.signal }, lead).catch(() => {});
  else void lead();
  return () => stop.abort();
}

function beatUntil(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const worker = new Worker(new URL("./tick.worker.ts", import.meta.url), { type: "module" });
    let missed = 0;
    let at = Date.now();
    const end = () => {
      worker.terminate();
      resolve();
    };
    const once = async () => {
      // A machine that slept, or whose clock was set, knows nothing of the server's clock any more.
      if (Math.abs(Date.now() - at) > 30_000) forgetClock();
      at = Date.now();
      try {
        const state = await beat();
        missed = 0;
        if (state !== useBeat.getState().state) void readDesk();
        useBeat.setState({ heard: true, state });
      } catch (error) {
        if (error instanceof ApiError && error.code === "no_agent") return end();
        missed += 1;
        if (missed >= MOST_MISSED) useBeat.setState({ heard: false });
      }
    };
    worker.onmessage = () => void once();
    signal.addEventListener("abort", end);
    void once();
  });
}
