//! Edits of lists of steps: insert, remove, move, copy, paste, each with the comments that belong to it.

import { isMap, isSeq, type Pair, type YAMLSeq } from "yaml";
import { changed, Draft, type Edited } from "./edit";
import { expandTo } from "./expand";
import { columnOf, kindAt, lineEnd, lineStart, shift } from "./lines";
import { colonAfter, dashColumn, itemBlock } from "./places";
import { itemText, type Value } from "./print";
import { Refused } from "./refused";
import {
  comments,
  data,
  formatPath,
  isBlank,
  nodeAt,
  type Path,
  pairOf,
  problem,
  rangeOf,
  read,
  refuseShared,
  type Source,
} from "./source";
import { addPair, takeFromBrackets } from "./values";

/** Items of a list as text of their own: the dash in the first column, `\n` at the end of every line. */
export interface Snippet {
  readonly text: string;
  readonly items: readonly unknown[];
}

/** New items, printed. */
export function snippetOf(...values: Value[]): Snippet {
  return { text: values.map((value) => itemText(value, 0)).join(""), items: values };
}

/** Item `index` of a list, to be put elsewhere, with its comments. */
export function copyItem(source: Source, list: Path, index: number): Snippet {
  const node = listAt(source, list);
  const item = (listOf(data(source), list)[index] ?? null) as unknown;
  if (index < 0 || index >= node.items.length) throw new Refused("missing");
  if (node.flow || !inLines(source, list)) {
    const [from, to] = rangeOf(node.items[index]);
    const lines = source.text.slice(from, to).replaceAll("\r", "").split("\n");
    return {
      text: `- ${lines.map((line, at) => (at === 0 ? line : `  ${line.trimStart()}`)).join("\n")}\n`,
      items: [item],
    };
  }
  const block = itemBlock(source, node, index);
  const text = shift(source.text.slice(block.from, block.to).replaceAll("\r\n", "\n"), -block.column);
  return { text: text.endsWith("\n") ? text : `${text}\n`, items: [item] };
}

/** Text that somebody pasted, as items: a list, one step, or a document with `steps`. */
export function readSnippet(text: string): Snippet {
  const plain = `${text
    .replaceAll("\r\n", "\n")
    .replace(/^\uFEFF/, "")
    .replaceAll("\t", "  ")
    .trimEnd()}\n`;
  const indent = Math.min(
    ...plain
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => /^ */.exec(line)?.[0].length ?? 0),
  );
  const source = read(shift(plain, -indent));
  const root = source.doc.contents;
  if (problem(source) || !root) throw new Refused("not_steps");
  if (isMap(root) && pairOf(root, "steps"))
    return joined(listOf(data(source), ["steps"]).map((_, index) => copyItem(source, ["steps"], index)));
  if (isMap(root)) return checked({ text: `- ${shift(source.text, 2).slice(2)}`, items: [data(source)] });
  if (!isSeq(root)) throw new Refused("not_steps");
  return joined(root.items.map((_, index) => copyItem(source, [], index)));
}

function joined(all: readonly Snippet[]): Snippet {
  return checked({ text: all.map(({ text }) => text).join(""), items: all.flatMap(({ items }) => items) });
}

function checked(snippet: Snippet): Snippet {
  const steps =
    snippet.items.length > 0 &&
    snippet.items.every((item) => typeof item === "object" && item !== null && !Array.isArray(item));
  if (!steps) throw new Refused("not_steps");
  return snippet;
}

/** Puts items before item `index` of a list; a list that is not there is made, and its key placed as `order` says. */
export function insertItems(
  source: Source,
  list: Path,
  index: number,
  snippet: Snippet,
  order: readonly string[] = [],
): Edited {
  refuseShared(source, list);
  const draft = new Draft(source);
  const expected = changed(data(source), list, (value) => {
    const items = Array.isArray(value) ? value : [];
    return [...items.slice(0, index), ...snippet.items, ...items.slice(index)];
  });
  insert(draft, list, index, snippet.text, order);
  return draft.end(expected);
}

/** Takes item `index` out of a list, with its comments. */
export function removeItem(source: Source, list: Path, index: number): Edited {
  refuseShared(source, [...list, String(index)]);
  const draft = new Draft(source);
  const expected = changed(data(source), list, (value) => (value as unknown[]).filter((_, at) => at !== index));
  remove(draft, list, index);
  return draft.end(expected);
}

/** Moves item `index` of `from` before item `gap` of `to`, both counted as they are now. Gives the place where it then is. */
export function moveItem(
  source: Source,
  from: Path,
  index: number,
  to: Path,
  gap: number,
  order: readonly string[] = [],
): Edited & { place: Path } {
  const own = [...from, String(index)];
  if (startsWith(to, own)) throw new Refused("inside_itself");
  refuseShared(source, own);
  refuseShared(source, to);
  const draft = new Draft(source);
  const { text, items } = copyItem(source, from, index);
  const put = changed(data(source), to, (value) => {
    const now = Array.isArray(value) ? value : [];
    return [...now.slice(0, gap), ...items, ...now.slice(gap)];
  });
  insert(draft, to, gap, text, order);
  const left = afterInsert(from, to, gap);
  const old = formatPath(from) === formatPath(to) && gap <= index ? index + 1 : index;
  const expected = changed(put, left, (value) => (value as unknown[]).filter((_, at) => at !== old));
  remove(draft, left, old);
  return { ...draft.end(expected), place: afterRemove([...to, String(gap)], left, old) };
}

/** Where what was at `path` is after an item came before item `index` of `list`. */
export function afterInsert(path: Path, list: Path, index: number, count = 1): string[] {
  const at = path[list.length];
  if (at === undefined || !startsWith(path, list) || Number(at) < index) return [...path];
  return [...list, String(Number(at) + count), ...path.slice(list.length + 1)];
}

/** Where what was at `path` is after item `index` of `list` went. */
export function afterRemove(path: Path, list: Path, index: number): string[] {
  const at = path[list.length];
  if (at === undefined || !startsWith(path, list) || Number(at) <= index) return [...path];
  return [...list, String(Number(at) - 1), ...path.slice(list.length + 1)];
}

export function startsWith(path: Path, beginning: Path): boolean {
  return path.length >= beginning.length && beginning.every((part, at) => path[at] === part);
}

/** Puts the lines of items before item `index` of a list. */
export function insert(draft: Draft, list: Path, index: number, text: string, order: readonly string[]): void {
  const lines = text.replace(/\n$/, "");
  const node = nodeAt(draft.source, list);
  if (node && !isBlank(node) && !isSeq(node)) throw new Refused("wrong_kind");
  expandTo(draft, isSeq(node) ? list : list.slice(0, -1));
  const now = nodeAt(draft.source, list);
  if (isSeq(now) && now.items.length > 0) {
    insertAmong(draft, now, index, lines);
    return;
  }
  const parent = nodeAt(draft.source, list.slice(0, -1));
  const key = list.at(-1) ?? "";
  const pair = isMap(parent) ? pairOf(parent, key) : undefined;
  if (!pair) {
    addPair(draft, list.slice(0, -1), key, (column) => `\n${shift(lines, column + 2)}`, order);
    return;
  }
  // `key:` or `key: []`, perhaps with a comment behind it.
  const colon = colonAfter(pair);
  const to = isSeq(now) ? rangeOf(now)[1] : colon;
  if (comments(draft.text.slice(colon, to)).length > 0) throw new Refused("unsafe");
  const end = lineEnd(draft.text, to);
  const body = `${shift(lines, columnOf(draft.text, rangeOf(pair.key)[0]) + 2)}\n`;
  draft.splice(
    { from: colon, to, insert: "" },
    { from: end, to: end, insert: draft.text[end - 1] === "\n" ? body : `\n${body}` },
  );
}

function insertAmong(draft: Draft, list: YAMLSeq, index: number, lines: string): void {
  const body = shift(lines, dashColumn(draft.source, list));
  const at =
    index > 0
      ? itemBlock(draft.source, list, Math.min(index, list.items.length) - 1).to
      : itemBlock(draft.source, list, 0).from;
  const open = at > 0 && draft.text[at - 1] !== "\n" && columnOf(draft.text, at) > 0;
  draft.splice({ from: at, to: at, insert: open ? `\n${body}` : `${body}\n` });
}

/** Takes one item out of a list. */
export function remove(draft: Draft, list: Path, index: number): void {
  let node = listAt(draft.source, list);
  if (index < 0 || index >= node.items.length) throw new Refused("missing");
  if (node.flow && node.items.length > 1) {
    const [from, to] = rangeOf(node);
    if (comments(draft.text).some((comment) => comment.from > from && comment.to <= to)) {
      expandTo(draft, list);
      node = listAt(draft.source, list);
    }
  }
  if (node.flow) {
    takeFromBrackets(draft, node, index);
    return;
  }
  const { text } = draft;
  const block = itemBlock(draft.source, node, index);
  if (node.items.length > 1) {
    draft.splice({ from: block.from, to: withBlank(text, block.from, block.to), insert: "" });
    return;
  }
  const colon = colonAfter(keyOf(draft.source, list));
  draft.splice({ from: colon, to: colon, insert: " []" }, { from: block.from, to: block.to, insert: "" });
}

/** The end of what goes: of an empty line on both sides of it, one goes too. */
export function withBlank(text: string, from: number, to: number): number {
  const above = from === 0 || kindAt(text, lineStart(text, from - 1)) === "blank";
  return above && to < text.length && kindAt(text, to) === "blank" ? lineEnd(text, to) : to;
}

/** The list at a place. */
export function listAt(source: Source, path: Path): YAMLSeq {
  const node = nodeAt(source, path);
  if (!isSeq(node)) throw new Refused(node ? "wrong_kind" : "missing");
  return node;
}

/** The key that a list belongs to, with the list. */
export function keyOf(source: Source, list: Path): Pair {
  const parent = nodeAt(source, list.slice(0, -1));
  const pair = isMap(parent) ? pairOf(parent, list.at(-1) ?? "") : undefined;
  if (!pair) throw new Refused("wrong_kind");
  return pair;
}

function inLines(source: Source, path: Path): boolean {
  return path.every((_, length) => {
    const node = nodeAt(source, path.slice(0, length));
    return !((isMap(node) || isSeq(node)) && node.flow);
  });
}

function listOf(root: unknown, path: Path): unknown[] {
  let value = root;
  for (const key of path) value = (value as Record<string, unknown> | null)?.[key];
  return Array.isArray(value) ? value : [];
}
