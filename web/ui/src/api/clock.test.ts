import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { forgetClock, heardNow, leftUntil, serverNow } from "./clock";
import { useLive } from "./live";

const START = Date.parse("2026-11-22T12:00:00Z");
const text = (ms: number) => new Date(ms).toISOString();

beforeEach(() => {
  vi.useFakeTimers({ now: START });
  forgetClock();
  useLive.setState({ ahead: 0 });
});
afterEach(() => vi.useRealTimers());

describe("seconds that are left", () => {
  it("are the server's, on a machine whose clock is ten minutes wrong", () => {
    heardNow(text(START + 600_000), START, START + 40);
    expect(leftUntil(text(START + 600_020 + 20_000))).toBe(20_040);
    expect(leftUntil(text(START))).toBe(0);
  });

  it("believe the quicker answer: a slow one says little of now", () => {
    heardNow(text(START + 100), START, START + 20);
    heardNow(text(START + 5_000), START, START + 4_000);
    expect(serverNow() - Date.now()).toBe(90);
  });

  it("go by what notices say until something was asked", () => {
    useLive.setState({ ahead: 3_000 });
    expect(serverNow()).toBe(START + 3_000);
  });

  it("follow a clock that drifts: what was exact a minute ago is forgotten", () => {
    heardNow(text(START), START, START + 2);
    vi.advanceTimersByTime(61_000);
    const now = Date.now();
    heardNow(text(now + 700), now, now + 100);
    expect(serverNow() - Date.now()).toBe(650);
  });

  it("leave a broken time alone", () => {
    heardNow("soon", START, START);
    expect(serverNow()).toBe(START);
  });
});
