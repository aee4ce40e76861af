//! Edits of keys and values: set, remove, rename.

import { isMap, isNode, isScalar, isSeq, type Pair, type YAMLMap } from "yaml";
import { changed, Draft, type Edited } from "./edit";
import { expandTo } from "./expand";
import { columnOf, lineEnd } from "./lines";
import { colonAfter, pairBlock, pairEnd } from "./places";
import { afterKey, inline, isList, isMapping, type Value } from "./print";
import { Refused } from "./refused";
import { replaceScalar, replaceWhole } from "./replace";
import { type Plain, scalarText } from "./scalar";
import {
  comments,
  data,
  isBlank,
  isInline,
  keyText,
  nodeAt,
  type Path,
  pairOf,
  rangeOf,
  refuseShared,
  type Source,
} from "./source";

/** Sets what is at `path`, and the maps on the way there. A new key goes behind those that `order` names before it, else to the end. */
export function setValue(source: Source, path: Path, value: Value, order: readonly string[] = []): Edited {
  refuseShared(source, path);
  const draft = new Draft(source);
  const expected = changed(data(source), path, () => value);
  put(draft, path, value, order);
  return draft.end(expected);
}

/** Takes a key away, with its lines and the comments that go with them. */
export function removeKey(source: Source, path: Path): Edited {
  refuseShared(source, path);
  const [parentPath, key] = [path.slice(0, -1), path.at(-1) ?? ""];
  const draft = new Draft(source);
  const expected = changed(data(source), parentPath, (map) => {
    const { [key]: _, ...rest } = map as Record<string, unknown>;
    return rest;
  });
  const [map, pair] = mapAndPair(source, parentPath, key);
  if (map.flow && map.items.length > 1 && commentsIn(source, map)) expandTo(draft, parentPath);
  const [now, there] = draft.source === source ? [map, pair] : mapAndPair(draft.source, parentPath, key);
  if (now.flow) takeFromBrackets(draft, now, now.items.indexOf(there));
  else takeLines(draft, now, there);
  return draft.end(expected);
}

/** Gives a key another name, in its place. */
export function renameKey(source: Source, path: Path, name: string): Edited {
  refuseShared(source, path);
  const [parentPath, key] = [path.slice(0, -1), path.at(-1) ?? ""];
  const draft = new Draft(source);
  const [map, pair] = mapAndPair(source, parentPath, key);
  if (key !== name && pairOf(map, name)) throw new Refused("taken");
  const expected = changed(data(source), parentPath, (value) => {
    const pairs = Object.entries(value as Record<string, unknown>);
    return Object.fromEntries(pairs.map(([own, item]) => [own === key ? name : own, item]));
  });
  const [from, to] = rangeOf(pair.key);
  draft.splice({ from, to, insert: scalarText(name, isScalar(pair.key) ? pair.key.type : undefined) });
  return draft.end(expected);
}

/** Puts a value at a place of a draft. */
export function put(draft: Draft, path: Path, value: Value, order: readonly string[] = []): void {
  const node = nodeAt(draft.source, path);
  if (node && !isBlank(node)) {
    if (isScalar(node) && !isList(value) && !isMapping(value)) replaceScalar(draft, path, node, value as Plain);
    else replaceWhole(draft, path, value);
    return;
  }
  const [parentPath, key] = [path.slice(0, -1), path.at(-1)];
  if (key === undefined) throw new Refused("missing");
  const parent = nodeAt(draft.source, parentPath);
  if (isMap(parent)) addTo(draft, parent, parentPath, key, value, order);
  else if (isSeq(parent) && node) replaceWhole(draft, path, value);
  else if (!parent || isBlank(parent)) put(draft, parentPath, { [key]: value }, order);
  else throw new Refused("wrong_kind");
}

function addTo(draft: Draft, map: YAMLMap, path: Path, key: string, value: Value, order: readonly string[]): void {
  const pair = pairOf(map, key);
  if (pair) {
    fillBlank(draft, map, pair, value);
  } else if (isInline(map) && map.items.length > 0 && isShort(value)) {
    const last = map.items.at(-1) as Pair;
    const at = isNode(last.value) && !isBlank(last.value) ? rangeOf(last.value)[1] : rangeOf(last.key)[1];
    draft.splice({ from: at, to: at, insert: `, ${scalarText(key)}: ${inline(value)}` });
  } else if (isInline(map) && map.items.length === 0) {
    replaceWhole(draft, path, { [key]: value });
  } else {
    expandTo(draft, path);
    addPair(draft, path, key, (column) => afterKey(value, column), order);
  }
}

/** Adds a pair to a block map; `after` gives what follows its colon. */
export function addPair(
  draft: Draft,
  path: Path,
  key: string,
  after: (column: number) => string,
  order: readonly string[],
): void {
  const map = nodeAt(draft.source, path);
  const first = isMap(map) ? map.items[0] : undefined;
  if (!isMap(map) || !first) throw new Refused("wrong_kind");
  const at = rangeOf(first.key)[0];
  const column = columnOf(draft.text, at);
  const pad = " ".repeat(column);
  const line = `${scalarText(key)}:${after(column)}\n`;
  const before = predecessor(map, key, order);
  if (!before) {
    draft.splice({ from: at, to: at, insert: line + pad });
    return;
  }
  const end = pairEnd(draft.source, before, column);
  draft.splice({
    from: end,
    to: end,
    insert: draft.text[end - 1] === "\n" ? pad + line : `\n${pad}${line}`.replace(/\n$/, ""),
  });
}

function predecessor(map: YAMLMap, key: string, order: readonly string[]): Pair | undefined {
  const rank = order.indexOf(key);
  if (rank < 0) return map.items.at(-1);
  return map.items.findLast((pair) => order.indexOf(keyText(pair)) < rank);
}

/** Writes the value of a key that has none. */
function fillBlank(draft: Draft, map: YAMLMap, pair: Pair, value: Value): void {
  const colon = colonAfter(pair);
  if (map.flow) {
    draft.splice({ from: colon, to: colon, insert: ` ${inline(value)}` });
    return;
  }
  const after = afterKey(value, columnOf(draft.text, rangeOf(pair.key)[0]));
  const end = lineEnd(draft.text, colon);
  if (!after.includes("\n") || draft.text.slice(colon, end).trim() === "") {
    draft.splice({ from: colon, to: colon, insert: after });
    return;
  }
  // A comment stands behind the colon: it stays there, a block's header goes before it.
  const [head, ...lines] = after.split("\n");
  const own = lines.map((line) => `${line}\n`).join("");
  draft.splice(
    { from: colon, to: colon, insert: head ?? "" },
    { from: end, to: end, insert: draft.text[end - 1] === "\n" ? own : `\n${own}` },
  );
}

function isShort(value: Value): boolean {
  const text = inline(value);
  const steps = isList(value) && value.some((item) => isMapping(item));
  return !steps && text.length < 100;
}

function mapAndPair(source: Source, path: Path, key: string): [YAMLMap, Pair] {
  const map = nodeAt(source, path);
  const pair = isMap(map) ? pairOf(map, key) : undefined;
  if (!isMap(map) || !pair) throw new Refused("missing");
  return [map, pair];
}

function commentsIn(source: Source, node: unknown): boolean {
  const [from, to] = rangeOf(node);
  return (
    source.text.slice(from, to).includes("#") &&
    comments(source.text).some((comment) => comment.from > from && comment.to <= to)
  );
}

/** Takes an item or pair out of a list or map in brackets. */
export function takeFromBrackets(draft: Draft, node: { items: unknown[] }, index: number): void {
  const spans = node.items.map((item) => spanOf(draft.source, item));
  const [own, before, after] = [spans[index], spans[index - 1], spans[index + 1]];
  if (!own) throw new Refused("missing");
  if (after) draft.splice({ from: own[0], to: after[0], insert: "" });
  else if (before) draft.splice({ from: before[1], to: own[1], insert: "" });
  else {
    const [from, to] = rangeOf(node);
    if (commentsIn(draft.source, node)) throw new Refused("unsafe");
    draft.splice({ from: from + 1, to: to - 1, insert: "" });
  }
}

function spanOf(source: Source, item: unknown): [number, number] {
  if (isNode(item)) return rangeOf(item);
  const pair = item as Pair;
  const [from, to] = rangeOf(pair.key);
  if (isNode(pair.value) && !isBlank(pair.value)) return [from, rangeOf(pair.value)[1]];
  const colon = /^\s*:/.exec(source.text.slice(to));
  return [from, to + (colon?.[0].length ?? 0)];
}

function takeLines(draft: Draft, map: YAMLMap, pair: Pair): void {
  const { text } = draft;
  const block = pairBlock(draft.source, map, pair);
  if (map.items.length === 1) {
    const [from] = rangeOf(pair.key);
    const to = block.to > from && text[block.to - 1] === "\n" ? block.to - 1 : block.to;
    draft.splice(
      { from: block.from, to: from, insert: "" },
      { from, to: text[to - 1] === "\r" ? to - 1 : to, insert: "{}" },
    );
    if (columnOf(text, block.from) === 0 && block.from !== from) indentLeft(draft, block.from, block.column);
    return;
  }
  const next = map.items[map.items.indexOf(pair) + 1];
  if (columnOf(text, block.from) > 0 && next) {
    // The first key behind a dash: the next one takes its place, behind the comments it has.
    let at = block.to;
    while (/[ \r\n]/.test(text[at] ?? "")) at += 1;
    draft.splice({ from: block.from, to: at, insert: "" });
    return;
  }
  draft.splice({ from: block.from, to: block.to, insert: "" });
}

/** What is left of a map whose lines went stands as deep as its key did. */
function indentLeft(draft: Draft, at: number, column: number): void {
  if (draft.text.startsWith("{}", at)) draft.splice({ from: at, to: at, insert: " ".repeat(column) });
}
