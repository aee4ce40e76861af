//! Replacing a value that is written out by another.

import { isMap, isSeq, type Scalar } from "yaml";
import type { Draft } from "./edit";
import { columnOf, indentAt, lineEnd, lineStart } from "./lines";
import { colonAfter, contentEnd, dashColumn } from "./places";
import { afterKey, inline, itemText, type Value } from "./print";
import { Refused } from "./refused";
import { blockText, fitsBlock, type Plain, scalarText, staysPlain } from "./scalar";
import { comments, isInline, nodeAt, type Path, pairOf, rangeOf } from "./source";

/** Replaces one scalar by another, in the same quotes where that is possible. */
export function replaceScalar(draft: Draft, path: Path, node: Scalar, value: Plain): void {
  const [from, to] = rangeOf(node);
  const lines = typeof value === "string" && fitsBlock(value) && inBlock(draft, path);
  if (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED") {
    replaceBlock(draft, from, to, lines ? blockText(value, bodyIndent(draft, path, from, to)) : scalarText(value));
  } else if (lines) {
    const [header, ...body] = blockText(value, ownColumn(draft, path) + 2)
      .replace(/\n$/, "")
      .split("\n");
    const end = lineEnd(draft.text, Math.max(from, to - 1));
    const ended = draft.text[end - 1] === "\n";
    const insert = `${ended ? "" : "\n"}${body.join("\n")}${ended ? "\n" : ""}`;
    draft.splice({ from, to, insert: header ?? "" }, { from: end, to: end, insert });
  } else {
    const plain = node.type === "PLAIN" && typeof value === "string" && staysPlain(value) && inBlock(draft, path);
    draft.splice({ from, to, insert: plain ? value : scalarText(value, node.type) });
  }
}

/** Replaces a block scalar; a comment behind its header stays on that line. */
function replaceBlock(draft: Draft, from: number, to: number, written: string): void {
  const head = draft.text.slice(from, lineEnd(draft.text, from));
  const remark = /\s#.*/.exec(head)?.[0].trimEnd() ?? "";
  const [first, ...rest] = written.replace(/\n$/, "").split("\n");
  const ending = draft.text[to - 1] === "\n" ? "\n" : "";
  draft.splice({ from, to, insert: [first + remark, ...rest].join("\n") + ending });
}

/** Replaces whatever is at a place. Comments inside the old value go above it. */
export function replaceWhole(draft: Draft, path: Path, value: Value): void {
  const parent = nodeAt(draft.source, path.slice(0, -1));
  const node = nodeAt(draft.source, path);
  if (!node) throw new Refused("missing");
  const [from] = rangeOf(node);
  const end = contentEnd(draft.source, node, from);
  const to = end > from && draft.text[end - 1] === "\n" ? end - (draft.text[end - 2] === "\r" ? 2 : 1) : end;
  if (!inBlock(draft, path.slice(0, -1))) {
    draft.splice(...above(draft, outermost(draft, path), from, to), { from, to, insert: inline(value) });
  } else if (isSeq(parent)) {
    const column = dashColumn(draft.source, parent);
    const text = itemText(value, column)
      .slice(column + 2)
      .replace(/\n$/, "");
    draft.splice(...above(draft, from, from, to), { from, to, insert: text });
  } else if (isMap(parent)) {
    replaceAfterKey(draft, path, to, value);
  } else {
    throw new Refused("wrong_kind");
  }
}

function replaceAfterKey(draft: Draft, path: Path, to: number, value: Value): void {
  const { text } = draft;
  const map = nodeAt(draft.source, path.slice(0, -1));
  const pair = isMap(map) ? pairOf(map, path.at(-1) ?? "") : undefined;
  if (!pair) throw new Refused("missing");
  const colon = colonAfter(pair);
  const [key] = rangeOf(pair.key);
  const after = afterKey(value, columnOf(text, key));
  const kept = above(draft, key, colon, to);
  const end = lineEnd(text, to);
  const remark = text.slice(to, end).trim();
  if (!after.includes("\n") || remark === "") {
    draft.splice(...kept, { from: colon, to, insert: after });
    return;
  }
  const [head, ...lines] = after.split("\n");
  const body = lines.map((line) => `${line}\n`).join("");
  draft.splice(
    ...kept,
    { from: colon, to, insert: head ?? "" },
    { from: end, to: end, insert: text[end - 1] === "\n" ? body : `\n${body}` },
  );
}

/** The comments between two places, as lines above the line of `at`. */
function above(draft: Draft, at: number, from: number, to: number): { from: number; to: number; insert: string }[] {
  if (!draft.text.slice(from, to).includes("#")) return [];
  const start = lineStart(draft.text, at);
  const pad = " ".repeat(indentAt(draft.text, start));
  const lines = comments(draft.text)
    .filter((comment) => comment.from >= from && comment.to <= to)
    .map((comment) => `${pad}${draft.text.slice(comment.from, comment.to).trimEnd()}\n`);
  return lines.length === 0 ? [] : [{ from: start, to: start, insert: lines.join("") }];
}

/** Where the outermost bracket around a place opens. */
function outermost(draft: Draft, path: Path): number {
  for (let length = 0; length <= path.length; length += 1) {
    const node = nodeAt(draft.source, path.slice(0, length));
    if (isInline(node)) return rangeOf(node)[0];
  }
  throw new Refused("unplaced");
}

/** Whether no bracket is around a place. */
function inBlock(draft: Draft, path: Path): boolean {
  for (let length = 0; length <= path.length; length += 1) {
    if (isInline(nodeAt(draft.source, path.slice(0, length)))) return false;
  }
  return true;
}

/** How deep the lines of a block scalar are. */
function bodyIndent(draft: Draft, path: Path, from: number, to: number): number {
  const body = draft.text
    .slice(lineEnd(draft.text, from), to)
    .split("\n")
    .find((line) => line.trim() !== "");
  return body ? indentAt(body, 0) : ownColumn(draft, path) + 2;
}

/** The column of the key or dash that a value belongs to. */
function ownColumn(draft: Draft, path: Path): number {
  const parent = nodeAt(draft.source, path.slice(0, -1));
  if (isSeq(parent)) return dashColumn(draft.source, parent);
  const pair = isMap(parent) ? pairOf(parent, path.at(-1) ?? "") : undefined;
  if (!pair) throw new Refused("missing");
  return columnOf(draft.text, rangeOf(pair.key)[0]);
}
