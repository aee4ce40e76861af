// @vitest-environment node
//! Several items at once, on the flows that come with Switchboard: what is meant is what the text says, and undoing gives the bytes back.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { apply, data, type Edited, type Item, invert, moveItems, read, removeItems, startsWith } from ".";
import { comments } from "./source";

const FLOWS = join(process.cwd(), "../../flows/");
const library = readdirSync(FLOWS).filter((name) => name.endsWith(".yaml"));

/** The same numbers every time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** All lists of steps, by place, in the order in which they are read. */
function listsOf(value: unknown, path: string[] = []): { list: string[]; size: number }[] {
  if (typeof value !== "object" || value === null) return [];
  const inner = Object.entries(value).flatMap(([key, own]) => listsOf(own, [...path, key]));
  const steps = Array.isArray(value) && value.length > 0 && value.every((own) => typeof own === "object");
  return steps && path[0] === "steps" ? [{ list: path, size: value.length }, ...inner] : inner;
}

/** Some items of the document, none inside another, in the order in which they are read. */
function some(root: unknown, roll: (below: number) => number, list: string[] = ["steps"]): Item[] {
  const found: Item[] = [];
  const all = listsOf(root);
  const size = all.find((own) => own.list.join() === list.join())?.size ?? 0;
  for (let index = 0; index < size; index += 1) {
    const path = [...list, String(index)];
    if (roll(3) === 0) found.push({ list, index });
    else {
      const below = all.filter((own) => startsWith(own.list, path));
      const nearest = below.filter((own) => !below.some((other) => other !== own && startsWith(own.list, other.list)));
      for (const own of nearest) found.push(...some(root, roll, own.list));
    }
  }
  return found;
}

function undone(before: string, edited: Edited): string {
  let now = before;
  const back = edited.batches.map((splices) => {
    const inverse = invert(now, splices);
    now = apply(now, splices);
    return inverse;
  });
  expect(now).toBe(edited.source.text);
  return back.reduceRight((text, splices) => apply(text, splices), now);
}

describe.each(library)("%s", (name) => {
  const text = readFileSync(FLOWS + name, "utf8");
  const source = read(text);

  it("loses several steps and nothing else", () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const items = some(data(source), dice(seed));
      if (items.length === 0) continue;
      const edited = removeItems(source, items);
      expect(undone(text, edited)).toBe(text);
    }
  });

  it("has several steps moved, with every comment", () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const roll = dice(seed);
      const items = some(data(source), roll);
      const places = listsOf(data(source)).filter(
        ({ list }) => !items.some((own) => startsWith(list, [...own.list, String(own.index)])),
      );
      const to = places[roll(places.length)];
      if (items.length === 0 || !to) continue;
      const edited = moveItems(source, items, to.list, roll(to.size + 1));
      expect(undone(text, edited)).toBe(text);
      const remarks = (of: string) =>
        comments(of)
          .map(({ from, to: end }) => of.slice(from, end).trim())
          .sort();
      expect(remarks(edited.source.text)).toEqual(remarks(text));
    }
  });
});
