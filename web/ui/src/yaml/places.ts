//! Which lines belong to what: the lines of a step or key, with the comments that go with it.

import { type CST, isMap, isSeq, type Pair, type YAMLMap, type YAMLSeq } from "yaml";
import { columnOf, indentAt, kindAt, lineEnd, lineStart } from "./lines";
import { Refused } from "./refused";
import { isBlank, rangeOf, type Source } from "./source";

/** Whole lines of a text, and how far what stands on them is indented. */
export interface Block {
  from: number;
  to: number;
  column: number;
}

/** The lines of item `index` of a list in block style: comments right above it and deeper ones below it are its own. */
export function itemBlock(source: Source, list: YAMLSeq, index: number): Block {
  const { text } = source;
  const dash = dashOf(list, index);
  const column = columnOf(text, dash);
  if (text.slice(lineStart(text, dash), dash).replace("\uFEFF", "").trim() !== "") throw new Refused("wrong_kind");
  const floor = index > 0 ? itemEnd(source, list, index - 1) : 0;
  return { from: withLeading(text, lineStart(text, dash), column, floor), to: itemEnd(source, list, index), column };
}

/** The column of the dashes of a list in block style. */
export function dashColumn(source: Source, list: YAMLSeq): number {
  return columnOf(source.text, dashOf(list, 0));
}

/** The lines of a pair of a block map. The first pair of a step begins behind the step's dash: its block begins there. */
export function pairBlock(source: Source, map: YAMLMap, pair: Pair): Block {
  const { text } = source;
  const [at] = rangeOf(pair.key);
  const column = columnOf(text, at);
  const start = lineStart(text, at);
  const alone = text.slice(start, at).replace("\uFEFF", "").trim() === "";
  const before = map.items[map.items.indexOf(pair) - 1];
  const floor = before ? pairEnd(source, before, column) : 0;
  return { from: alone ? withLeading(text, start, column, floor) : at, to: pairEnd(source, pair, column), column };
}

/** Behind the last line of a pair whose key stands in `column`. */
export function pairEnd(source: Source, pair: Pair, column: number): number {
  const end = contentEnd(source, pair.value, colonAfter(pair));
  return withTrailing(source.text, lineEnd(source.text, end - 1), column);
}

/** Behind the colon of a pair. */
export function colonAfter(pair: Pair): number {
  const token = (pair.srcToken as CST.CollectionItem | undefined)?.sep?.find(({ type }) => type === "map-value-ind");
  if (!token) throw new Refused("unplaced");
  return token.offset + 1;
}

function itemEnd(source: Source, list: YAMLSeq, index: number): number {
  const dash = dashOf(list, index);
  const end = contentEnd(source, list.items[index], dash + 1);
  return withTrailing(source.text, lineEnd(source.text, end - 1), columnOf(source.text, dash));
}

/** The end of what is written for a node, but not before `least`: looks into its last part, which may be a key without a value. */
export function contentEnd(source: Source, node: unknown, least: number): number {
  if (node === null || node === undefined || isBlank(node)) return least;
  if (isMap(node) && !node.flow) {
    const last = node.items.at(-1);
    if (last) return contentEnd(source, last.value, colonAfter(last));
  }
  if (isSeq(node) && !node.flow && node.items.length > 0) {
    const last = node.items.length - 1;
    return contentEnd(source, node.items[last], dashOf(node, last) + 1);
  }
  return Math.max(least, rangeOf(node)[1]);
}

/** The offset of an item's dash. */
function dashOf(list: YAMLSeq, index: number): number {
  const token = list.srcToken?.type === "block-seq" ? list.srcToken.items[index] : undefined;
  const dash = token?.start.find(({ type }) => type === "seq-item-ind");
  if (!dash) throw new Refused("wrong_kind");
  return dash.offset;
}

function withLeading(text: string, start: number, column: number, floor: number): number {
  let from = start;
  while (from > floor) {
    const above = lineStart(text, from - 1);
    if (above < floor || kindAt(text, above) !== "comment" || indentAt(text, above) > column) break;
    from = above;
  }
  return from;
}

function withTrailing(text: string, end: number, column: number): number {
  let to = end;
  for (let at = end; at < text.length; ) {
    const kind = kindAt(text, at);
    if (kind === "content" || (kind === "comment" && indentAt(text, at) <= column)) break;
    at = lineEnd(text, at);
    if (kind === "comment") to = at;
  }
  return to;
}
