import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { nextLook, replyWindow, useReplyWindow } from "./closes";

const START = Date.parse("2026-11-22T12:00:00Z");
const at = (ms: number) => new Date(START + ms).toISOString();
const MINUTE = 60_000;

beforeEach(() => vi.useFakeTimers({ now: START }));
afterEach(() => vi.useRealTimers());

it("tells how long free text may go out, and when that ends soon", () => {
  expect(replyWindow(at(22 * 60 * MINUTE), START)).toEqual({ open: true, left: 22 * 60 * MINUTE, soon: false });
  expect(replyWindow(at(29 * MINUTE), START).soon).toBe(true);
  expect(replyWindow(at(-1), START)).toEqual({ open: false, left: 0, soon: false });
  expect(replyWindow(null, START).open).toBe(false);
});

it("is looked at again no later than it closes", () => {
  for (const left of [1, 400, 1_500, 90_000, 121_000, 10 * MINUTE]) expect(nextLook(left)).toBeLessThanOrEqual(left);
});

it("closes at the second while nothing else happens, and opens again when the customer writes", async () => {
  const pass = async (ms: number) => {
    for (let gone = 0; gone < ms; gone += 500) await act(() => vi.advanceTimersByTimeAsync(500));
  };
  const { result, rerender } = renderHook(({ closes }) => useReplyWindow(closes), {
    initialProps: { closes: at(5 * MINUTE) },
  });
  await pass(5 * MINUTE - 500);
  expect(result.current.open).toBe(true);
  await pass(500);
  expect(result.current.open).toBe(false);
  rerender({ closes: at(24 * 60 * MINUTE) });
  expect(result.current.open).toBe(true);
});
