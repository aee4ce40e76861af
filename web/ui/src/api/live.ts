import { create } from "zustand";

/** What the server tells of: a small notice, not the thing itself. */
export interface Notice {
  kind: (typeof KINDS)[number];
  /** None when many of a kind changed at once: any of them may have. */
  id: string | null;
  /** What it says besides, such as whom an escalation is offered to. */
  more: Record<string, unknown>;
}

export type Link = "connecting" | "live" | "reconnecting" | "stale";

interface LiveState {
  link: Link;
  /** When the last word came; the pill says "stale since". */
  heardAt: number;
  /** How far the server's clock is ahead of ours, in milliseconds. */
  ahead: number;
}

export const useLive = create<LiveState>(() => ({ link: "connecting", heardAt: Date.now(), ahead: 0 }));

const ADDRESS = "/api/v1/events";
const KINDS = [
  "run",
  "attention",
  "escalation",
  "presence",
  "alarm",
  "conversation",
  "mention",
  "typing",
  "flow",
  "contact",
  "connection",
  "reset",
] as const;
/** The server speaks every 15 s; two beats missed and a bit = what is shown may be old. */
const SILENCE_MS = 35_000;
/** A closed source is opened anew after this; the browser itself retries one that merely broke off. */
const REOPEN_MS = 3_000;

/**
 * Listens until the returned function is called. Tabs of one browser share one connection: the one that holds the lock
 * listens and passes on what it hears. After a break the browser sends `Last-Event-ID` by itself; when the source had to
 * be opened anew there is no such id, and a `reset` tells the app to read everything again.
 */
export function listen(hear: (notice: Notice) => void): () => void {
  const stop = new AbortController();
  const channel = new BroadcastChannel("live");
  const take = (message: Passed) => {
    useLive.setState({ link: message.link, heardAt: Date.now(), ahead: message.ahead });
    if (message.notice) hear(message.notice);
  };
  channel.onmessage = (event: MessageEvent<Passed>) => take(event.data);
  const pass = (message: Passed) => {
    take(message);
    channel.postMessage(message);
  };
  const lead = () => open(pass, stop.signal);
  // Locks exist on https and on this machine only; elsewhere each tab listens for itself.
  if (navigator.locks) {
    navigator.locks.request("live", { signal: stop.signal }, lead).catch(() => {});
  } else {
    void lead();
  }
  const watch = setInterval(() => {
    const { heardAt, link } = useLive.getState();
    if (Date.now() - heardAt > SILENCE_MS && link !== "stale") useLive.setState({ link: "stale" });
  }, 1_000);
  return () => {
    stop.abort();
    clearInterval(watch);
    channel.close();
  };
}

interface Passed {
  link: Link;
  ahead: number;
  notice: Notice | null;
}

/** Resolves when `signal` ends it; holds one `EventSource` open all that time. */
function open(pass: (message: Passed) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let opened = false;
    let ahead = 0;
    const connect = () => {
      source = new EventSource(ADDRESS);
      let anew = opened;
      source.onopen = () => {
        pass({ link: "live", ahead, notice: anew ? { kind: "reset", id: null, more: {} } : null });
        opened = true;
        anew = false;
      };
      source.onerror = () => {
        pass({ link: "reconnecting", ahead, notice: null });
        if (source?.readyState === EventSource.CLOSED) timer = setTimeout(connect, REOPEN_MS);
      };
      source.addEventListener("heartbeat", (event) => {
        ahead = Date.parse(String(read(event).now ?? "")) - Date.now() || 0;
        pass({ link: "live", ahead, notice: null });
      });
      for (const kind of KINDS) {
        source.addEventListener(kind, (event) => {
          const { id, ...more } = read(event);
          pass({ link: "live", ahead, notice: { kind, id: typeof id === "string" ? id : null, more } });
        });
      }
    };
    connect();
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      source?.close();
      resolve();
    });
  });
}

function read(event: MessageEvent<string>): Record<string, unknown> {
  try {
    return JSON.parse(event.data) ?? {};
  } catch {
    return {};
  }
}
