import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { listen, type Notice, useLive } from "./live";

/** A source whose server is the test. */
class Source extends EventTarget {
  static readonly CLOSED = 2;
  static all: Source[] = [];
  readyState = 0;
  onopen: () => void = () => {};
  onerror: () => void = () => {};

  constructor(readonly url: string) {
    super();
    Source.all.push(this);
  }

  say(kind: string, data: object) {
    this.dispatchEvent(new MessageEvent(kind, { data: JSON.stringify(data) }));
  }

  close() {
    this.readyState = Source.CLOSED;
  }
}

const source = () => Source.all.at(-1) as Source;
let heard: Notice[] = [];
let stop = () => {};

beforeEach(() => {
  vi.useFakeTimers();
  Source.all = [];
  heard = [];
  vi.stubGlobal("EventSource", Source);
  vi.stubGlobal(
    "BroadcastChannel",
    class {
      postMessage() {}
      close() {}
    },
  );
  stop = listen((notice) => heard.push(notice));
});

afterEach(() => {
  stop();
  vi.useRealTimers();
});

describe("live notices", () => {
  it("are passed on with what they are about", () => {
    source().onopen();
    source().say("run", { id: "run_1" });
    source().say("escalation", { id: "esc_1", to: ["usr_1"] });
    expect(heard).toEqual([
      { kind: "run", id: "run_1", more: {} },
      { kind: "escalation", id: "esc_1", more: { to: ["usr_1"] } },
    ]);
    expect(useLive.getState().link).toBe("live");
  });

  it("tell how far the server's clock is ahead", () => {
    source().say("heartbeat", { now: new Date(Date.now() + 5_000).toISOString() });
    expect(useLive.getState().ahead).toBe(5_000);
  });

  it("leave a broken connection to the browser, which comes back with the last id", () => {
    source().onopen();
    source().onerror();
    expect(useLive.getState().link).toBe("reconnecting");
    source().onopen();
    expect(Source.all).toHaveLength(1);
    expect(heard).toEqual([]);
  });

  it("begin anew after a refusal, and say that something may have been missed", () => {
    source().onopen();
    source().readyState = Source.CLOSED;
    source().onerror();
    vi.advanceTimersByTime(3_000);
    expect(Source.all).toHaveLength(2);
    source().onopen();
    expect(heard).toEqual([{ kind: "reset", id: null, more: {} }]);
  });

  it("call what is shown stale after two missed beats", () => {
    source().onopen();
    vi.advanceTimersByTime(34_000);
    expect(useLive.getState().link).toBe("live");
    vi.advanceTimersByTime(3_000);
    expect(useLive.getState().link).toBe("stale");
  });

  it("end when the app does", () => {
    source().onopen();
    stop();
    expect(source().readyState).toBe(Source.CLOSED);
  });
});
