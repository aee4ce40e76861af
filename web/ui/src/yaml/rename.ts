//! Giving a step another id, everywhere it is spoken of.

import { isMap, isScalar, visit } from "yaml";
import { Draft, type Edited } from "./edit";
import { Refused } from "./refused";
import { data, keyText, nodeAt, type Path, pairOf, rangeOf, type Source } from "./source";
import type { Splice } from "./splice";

/** Renames the id of the step at `path` (or of its `repeat`), and every `steps.<id>` and `again` that means it. */
export function renameId(source: Source, path: Path, id: string): Edited {
  const step = nodeAt(source, path);
  const own = isMap(step) ? pairOf(step, "id")?.value : undefined;
  if (!isScalar(own)) throw new Refused("missing");
  const old = String(own.value);
  if (old !== id && idsOf(source).includes(id)) throw new Refused("taken");
  const draft = new Draft(source);
  const splices: Splice[] = [{ from: rangeOf(own)[0], to: rangeOf(own)[1], insert: id }];
  visit(source.doc, {
    Pair(_, pair) {
      if (keyText(pair) === "again" && isScalar(pair.value) && pair.value.value === old) {
        const [from, to] = rangeOf(pair.value);
        splices.push({ from, to, insert: id });
      }
    },
    Scalar(key, node) {
      if (key !== "key" && node !== own) splices.push(...mentions(source, rangeOf(node), old, id));
    },
  });
  draft.splice(...splices);
  return draft.end(renamed(data(source), path, old, id));
}

/** The ids of all steps of a document, those of `repeat` included. */
export function idsOf(source: Source): string[] {
  const ids: string[] = [];
  visit(source.doc, {
    Pair(_, pair) {
      if (keyText(pair) === "tests") return visit.SKIP;
      if (keyText(pair) === "id" && isScalar(pair.value) && typeof pair.value.value === "string")
        ids.push(pair.value.value);
      return undefined;
    },
  });
  return ids;
}

/** An id like `wish` that no step has yet. */
export function freeId(wish: string, taken: readonly string[]): string {
  if (!taken.includes(wish)) return wish;
  const stem = wish.replace(/_?[0-9]+$/, "");
  for (let number = 2; ; number += 1) {
    if (!taken.includes(`${stem}_${number}`)) return `${stem}_${number}`;
  }
}

function pattern(id: string): RegExp {
  return new RegExp(`(\\bsteps\\s*\\??\\.\\s*|\\bsteps\\s*\\??\\[\\s*\\\\?["'])(${id})(?![A-Za-z0-9_])`, "g");
}

function mentions(source: Source, [from, to]: [number, number], old: string, id: string): Splice[] {
  const found = source.text.slice(from, to).matchAll(pattern(old));
  return [...found].map((match) => {
    const start = from + match.index + (match[1]?.length ?? 0);
    return { from: start, to: start + old.length, insert: id };
  });
}

function renamed(value: unknown, path: Path, old: string, id: string): unknown {
  if (typeof value === "string") return value.replace(pattern(old), `$1${id}`);
  if (Array.isArray(value))
    return value.map((item, index) => renamed(item, path[0] === String(index) ? path.slice(1) : ["\0"], old, id));
  if (typeof value !== "object" || value === null) return value;
  const pairs = Object.entries(value).map(([key, item]) => {
    const meant = (key === "id" && path.length === 0) || (key === "again" && item === old);
    return [key, meant ? id : renamed(item, path[0] === key ? path.slice(1) : ["\0"], old, id)];
  });
  return Object.fromEntries(pairs);
}
