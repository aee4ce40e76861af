import { act, renderHook } from "@testing-library/react";
import { expect, it } from "vitest";
import { steady, useSteady } from "./order";

it("is as wanted while no hand is on the cards", () => {
  expect(steady(["a", "b"], ["c", "a"], false)).toEqual(["c", "a"]);
});

it("moves nobody under the pointer: the urgent new one comes at the end, the one who left keeps the place", () => {
  expect(steady(["a", "b"], ["c", "b"], true)).toEqual(["a", "b", "c"]);
});

it("holds over many changes, and settles when the hand is gone", () => {
  const { result, rerender } = renderHook(({ ids, held }) => useSteady(ids, held), {
    initialProps: { ids: ["a", "b"], held: true },
  });
  rerender({ ids: ["x", "a", "b"], held: true });
  act(() => rerender({ ids: ["y", "x", "b"], held: true }));
  expect(result.current).toEqual(["a", "b", "x", "y"]);
  rerender({ ids: ["y", "x", "b"], held: false });
  expect(result.current).toEqual(["y", "x", "b"]);
});
