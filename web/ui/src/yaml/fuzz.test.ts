//! Random edits on random commented documents and on the flows that come with Switchboard.
// @vitest-environment node

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isMap, isScalar, isSeq } from "yaml";
import {
  apply,
  copyItem,
  data,
  type Edited,
  insertItems,
  invert,
  moveItem,
  nodeAt,
  type Path,
  Refused,
  read,
  removeItem,
  removeKey,
  renameKey,
  type Snippet,
  type Source,
  type Splice,
  same,
  setValue,
  snippetOf,
  startsWith,
  type Value,
} from ".";
import { type Dice, dice, document, TEXTS } from "./random";
import { comments } from "./source";

const FLOWS = join(process.cwd(), "../../flows/");
interface Places {
  scalars: string[][];
  maps: string[][];
  lists: string[][];
}

function places(source: Source): Places {
  const found: Places = { scalars: [], maps: [], lists: [] };
  const walk = (node: unknown, path: string[]) => {
    if (isScalar(node)) found.scalars.push(path);
    if (isMap(node)) {
      if (path.length > 0) found.maps.push(path);
      for (const pair of node.items)
        walk(pair.value, [...path, String(isScalar(pair.key) ? pair.key.value : pair.key)]);
    }
    if (isSeq(node)) {
      if (!/^[0-9]+$/.test(path.at(-1) ?? "") && node.items.every((item) => isMap(item))) found.lists.push(path);
      for (const [index, item] of node.items.entries()) walk(item, [...path, String(index)]);
    }
  };
  walk(source.doc.contents, []);
  return found;
}

interface Try {
  what: string;
  /** What the data is afterwards, worked out without the code under test. */
  expected: (root: never) => void;
  run: () => Edited;
  /** The comments that go with what goes. */
  gone: Path | null;
}

function at(root: unknown, path: Path): never {
  return path.reduce((value, key) => (value as Record<string, unknown>)[key], root) as never;
}

function propose(d: Dice, source: Source): Try {
  const all = places(source);
  const value = d.pick<Value>([d.pick(TEXTS), d.pick(TEXTS), d.pick(TEXTS), 5, true, null]);
  const list = d.pick(all.lists);
  const size = (at(data(source), list) as unknown[]).length;
  const index = d.below(Math.max(1, size));
  const kind = d.below(9);
  if (kind <= 1) {
    const path = d.pick(all.scalars);
    return {
      what: `set ${path.join("/")}`,
      run: () => setValue(source, path, value),
      gone: null,
      expected: (root) => set(root, path, value),
    };
  }
  if (kind === 2) {
    const path = [...d.pick(all.maps), d.pick(["fresh", "a: b", "новый"])];
    const big = d.pick<Value>([
      value,
      { a: 1, b: d.pick(TEXTS) },
      ["x", "y"],
      [{ wait: "1h" }, { set: { q: value } }],
      {},
      [],
    ]);
    return {
      what: `add ${path.join("/")}`,
      run: () => setValue(source, path, big, ["id", "do", "fresh", "with", "then"]),
      gone: null,
      expected: (root) => set(root, path, big),
    };
  }
  if (kind === 3) {
    const path = d.pick([...all.scalars, ...all.maps, ...all.lists].filter((place) => place.length > 1));
    const big = d.pick<Value>([{ until: d.pick(TEXTS), more: { zone: "x" } }, ["a", "b c"], [], {}, "48h"]);
    return {
      what: `replace ${path.join("/")}`,
      run: () => setValue(source, path, big),
      gone: null,
      expected: (root) => set(root, path, big),
    };
  }
  if (kind === 4) {
    const map = d.pick(all.maps);
    const keys = Object.keys(at(data(source), map) as object);
    const key = keys.length ? d.pick(keys) : "none";
    const path = [...map, key];
    if (d.roll() < 0.4)
      return {
        what: `rename ${path.join("/")}`,
        run: () => renameKey(source, path, "other"),
        gone: null,
        expected: (root) => rename(at(root, map), key),
      };
    return {
      what: `take ${path.join("/")}`,
      run: () => removeKey(source, path),
      gone: path,
      expected: (root) => delete (at(root, map) as Record<string, unknown>)[key],
    };
  }
  if (kind === 5) {
    const step: Value = d.pick<Value>([
      { id: "new", do: "x", with: { text: value } },
      // biome-ignore lint/suspicious/noThenProperty: the word of the format
      { if: "a", then: [{ stop: value }] },
    ]);
    const gap = d.below(size + 1);
    return {
      what: `insert ${list.join("/")} ${gap}`,
      run: () => insertItems(source, list, gap, snippetOf(step)),
      gone: null,
      expected: (root) => (at(root, list) as unknown[]).splice(gap, 0, step),
    };
  }
  if (kind === 6) {
    return {
      what: `remove ${list.join("/")} ${index}`,
      run: () => removeItem(source, list, index),
      gone: [...list, String(index)],
      expected: (root) => (at(root, list) as unknown[]).splice(index, 1),
    };
  }
  const to = d.pick([list, ...all.lists.filter((place) => !startsWith(place, [...list, String(index)]))]);
  const gap = d.below((at(data(source), to) as unknown[]).length + 1);
  if (kind === 7) {
    let copied: Snippet | undefined;
    const run = () => {
      copied = copyItem(source, list, index);
      return insertItems(source, to, gap, copied);
    };
    return {
      what: `copy ${list.join("/")} ${index} to ${to.join("/")} ${gap}`,
      run,
      gone: null,
      expected: (root) =>
        (at(root, to) as unknown[]).splice(gap, 0, structuredClone((at(root, list) as unknown[])[index])),
    };
  }
  return {
    what: `move ${list.join("/")} ${index} to ${to.join("/")} ${gap}`,
    run: () => moveItem(source, list, index, to, gap),
    gone: null,
    expected: (root) => {
      const [own, other] = [at(root, list) as unknown[], at(root, to) as unknown[]];
      const mark = {};
      const [moved] = own.splice(index, 1, mark);
      other.splice(gap, 0, moved);
      own.splice(own.indexOf(mark), 1);
    },
  };
}

function set(root: unknown, path: Path, value: unknown) {
  (at(root, path.slice(0, -1)) as Record<string, unknown>)[path.at(-1) as string] = value;
}

function rename(map: Record<string, unknown>, key: string) {
  if (key === "other") return;
  map.other = map[key];
  delete map[key];
}

/** The comments of a text that are not in `place`, sorted. */
function remarks(source: Source, place: Path | null): string[] {
  const node = place && nodeAt(source, place);
  const from = node?.range?.[0] ?? -1;
  const to = node?.range?.[2] ?? -1;
  return comments(source.text)
    .filter((remark) => remark.from < from || remark.to > to)
    .map((remark) => source.text.slice(remark.from, remark.to).trim())
    .sort();
}

/** One edit, checked; gives what it was, or why it was refused. */
function once(d: Dice, source: Source): { edited: Edited | null; refused: string | null } {
  const attempt = propose(d, source);
  const expected = structuredClone(data(source));
  let edited: Edited;
  try {
    edited = attempt.run();
  } catch (error) {
    if (!(error instanceof Refused)) throw new Error(`${attempt.what}: ${error}\n${source.text}`);
    return {
      edited: null,
      refused:
        error.reason === "missing" || error.reason === "taken"
          ? null
          : `${attempt.what}: ${error.reason}\n${source.text}`,
    };
  }
  attempt.expected(expected as never);
  const { text } = edited.source;
  if (!same(data(read(text)), expected))
    throw new Error(`${attempt.what}: not as meant\n${source.text}\n----\n${text}`);
  const kept = remarks(edited.source, null);
  const lost = remarks(source, attempt.gone).filter((remark) => {
    const place = kept.indexOf(remark);
    if (place < 0) return true;
    kept.splice(place, 1);
    return false;
  });
  // A key or step takes the comments above it along.
  if (lost.length > 0 && !(attempt.gone && lost.every((remark) => isBeside(source, attempt.gone as Path, remark)))) {
    throw new Error(`${attempt.what}: lost ${lost}\n${source.text}\n----\n${text}`);
  }
  if (source.text.includes("\r\n") && /[^\r]\n/.test(text)) throw new Error(`${attempt.what}: mixed line ends`);
  return { edited, refused: null };
}

/** Whether a comment stands right above a place, on its line, or deeper right below it. */
function isBeside(source: Source, place: Path, remark: string): boolean {
  return (
    source.text.includes(remark) &&
    nodeAt(source, place.slice(0, -1)) !== undefined &&
    !/header of the file|# the end|# what follows/.test(remark)
  );
}

function undoAll(source: Source, done: { before: string; splices: readonly Splice[] }[]): string {
  return done.reduceRight((text, { before, splices }) => apply(text, invert(before, splices)), source.text);
}

function session(d: Dice, text: string, edits: number): string[] {
  let source = read(text);
  const done: { before: string; splices: readonly Splice[] }[] = [];
  const refusals: string[] = [];
  for (let count = 0; count < edits; count += 1) {
    const { lists, maps } = places(source);
    if (lists.length < 2 || maps.length === 0) break;
    const { edited, refused } = once(d, source);
    if (refused) refusals.push(refused);
    if (!edited) continue;
    let before = source.text;
    for (const splices of edited.batches) {
      done.push({ before, splices });
      before = apply(before, splices);
    }
    expect(before).toBe(edited.source.text);
    source = edited.source;
  }
  expect(undoAll(source, done)).toBe(text);
  return refusals;
}

describe("random edits", () => {
  it("on random commented documents", () => {
    const refusals: string[] = [];
    for (let seed = 1; seed <= Number(process.env.FUZZ ?? 300); seed += 1) {
      const d = dice(seed);
      refusals.push(...session(d, document(d), 6));
    }
    expect(refusals.slice(0, 3).join("\n=====\n")).toBe("");
  }, 120_000);

  it("on the flows of the library", () => {
    const refusals: string[] = [];
    const names = readdirSync(FLOWS).filter((name) => name.endsWith(".yaml"));
    expect(names.length).toBeGreaterThan(30);
    names.forEach((name, index) => {
      refusals.push(
        ...session(dice(index + 7), readFileSync(FLOWS + name, "utf8"), Number(process.env.FUZZ ?? 300) / 50),
      );
    });
    expect(refusals.slice(0, 3).join("\n=====\n")).toBe("");
  }, 120_000);
});
