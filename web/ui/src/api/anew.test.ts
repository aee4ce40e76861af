import { QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, test } from "vitest";
import { readAnew } from "./anew";
import { queries } from "./queries";

/** A query whose answers come when they are given. */
function shown() {
  const asked: ((value: number) => void)[] = [];
  const aborted: boolean[] = [];
  const observer = new QueryObserver(queries, {
    queryKey: ["desk"],
    queryFn: ({ signal }) => {
      signal.addEventListener("abort", () => aborted.push(true));
      return new Promise<number>((resolve) => asked.push(resolve));
    },
  });
  const stop = observer.subscribe(() => {});
  return { asked, aborted, stop, now: () => observer.getCurrentResult().data };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

afterEach(() => queries.clear());

test("changes that come faster than answers cut no reading off, and are read once more behind it", async () => {
  const desk = shown();
  desk.asked[0]?.(0);
  await settled();
  const readings = [1, 2, 3, 4].map(() => readAnew(["desk"]));
  await settled();
  expect(desk.asked).toHaveLength(2);
  desk.asked[1]?.(1);
  await readings[0];
  await settled();
  expect(desk.now()).toBe(1);
  expect(desk.asked).toHaveLength(3);
  desk.asked[2]?.(2);
  await Promise.all(readings);
  expect([desk.now(), desk.asked.length, desk.aborted.length]).toEqual([2, 3, 0]);
  desk.stop();
});

test("a reading that somebody else began before the change does not count", async () => {
  const desk = shown();
  const reading = readAnew(["desk"]);
  await settled();
  expect(desk.asked).toHaveLength(1);
  desk.asked[0]?.(0);
  await settled();
  expect(desk.asked).toHaveLength(2);
  desk.asked[1]?.(1);
  await reading;
  expect(desk.now()).toBe(1);
  desk.stop();
});
