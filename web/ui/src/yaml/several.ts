//! Edits of several items at once, wherever they stand: one insertion, and all lines that go in one batch.
//!
//! Items are given in the order in which the document is read, none of them inside another.

import { changed, Draft, type Edited } from "./edit";
import {
  afterInsert,
  afterRemove,
  copyItem,
  insert,
  keyOf,
  listAt,
  remove,
  type Snippet,
  startsWith,
  withBlank,
} from "./list";
import { colonAfter, itemBlock } from "./places";
import { Refused } from "./refused";
import { data, formatPath, type Path, refuseShared, type Source } from "./source";
import type { Splice } from "./splice";

/** Item `index` of the list at `list`. */
export interface Item {
  readonly list: Path;
  readonly index: number;
}

/** Several items, to be put elsewhere together, with their comments. */
export function copyItems(source: Source, items: readonly Item[]): Snippet {
  const all = items.map(({ list, index }) => copyItem(source, list, index));
  return { text: all.map(({ text }) => text).join(""), items: all.flatMap((own) => own.items) };
}

/** Takes items out, with their comments. */
export function removeItems(source: Source, items: readonly Item[]): Edited {
  for (const own of items) refuseShared(source, pathOf(own));
  const draft = new Draft(source);
  const expected = without(data(source), items);
  take(draft, items);
  return draft.end(expected);
}

/** Moves items before item `gap` of `to`, counted as it is now. Gives the place where the first of them then is. */
export function moveItems(
  source: Source,
  items: readonly Item[],
  to: Path,
  gap: number,
  order: readonly string[] = [],
): Edited & { place: string[] } {
  if (items.some((own) => startsWith(to, pathOf(own)))) throw new Refused("inside_itself");
  for (const own of items) refuseShared(source, pathOf(own));
  refuseShared(source, to);
  const draft = new Draft(source);
  const copied = copyItems(source, items);
  const put = changed(data(source), to, (value) => {
    const now = Array.isArray(value) ? value : [];
    return [...now.slice(0, gap), ...copied.items, ...now.slice(gap)];
  });
  insert(draft, to, gap, copied.text, order);
  const left = items.map((own) => itemAt(afterInsert(pathOf(own), to, gap, items.length)));
  const expected = without(put, left);
  take(draft, left);
  const place = left.reduceRight<string[]>((path, own) => afterRemove(path, own.list, own.index), [...to, String(gap)]);
  return { ...draft.end(expected), place };
}

const pathOf = ({ list, index }: Item): string[] => [...list, String(index)];

function itemAt(path: Path): Item {
  return { list: path.slice(0, -1), index: Number(path.at(-1)) };
}

/** Plain data without the items; from the last to the first, so that none moves before its turn. */
function without(root: unknown, items: readonly Item[]): unknown {
  return items.reduceRight(
    (now, { list, index }) => changed(now, list, (value) => (value as unknown[]).filter((_, at) => at !== index)),
    root,
  );
}

function take(draft: Draft, items: readonly Item[]): void {
  const lists = new Map<string, Item[]>();
  for (const own of items) lists.set(formatPath(own.list), [...(lists.get(formatPath(own.list)) ?? []), own]);
  const groups = [...lists.values()];
  const inLines = groups.every(([first]) => first && !listAt(draft.source, first.list).flow);
  if (inLines) draft.splice(...groups.flatMap((group) => linesOf(draft.source, group)));
  // What stands in brackets goes one by one.
  else for (const { list, index } of items.toReversed()) remove(draft, list, index);
}

/** The splices that take items of one list in block style out; nothing but `[]` stays of a list that loses all. */
function linesOf(source: Source, items: readonly Item[]): Splice[] {
  const list = items[0]?.list ?? [];
  const node = listAt(source, list);
  const blocks = items.map(({ index }) => {
    if (index < 0 || index >= node.items.length) throw new Refused("missing");
    return itemBlock(source, node, index);
  });
  if (blocks.length < node.items.length)
    return blocks.map(({ from, to }) => ({ from, to: withBlank(source.text, from, to), insert: "" }));
  const colon = colonAfter(keyOf(source, list));
  return [{ from: colon, to: colon, insert: " []" }, ...blocks.map(({ from, to }) => ({ from, to, insert: "" }))];
}
