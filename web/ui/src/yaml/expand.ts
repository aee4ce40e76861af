//! From brackets to lines: a list or map in brackets is written out in block style where an edit needs lines.

import { isMap, isNode, type YAMLMap, type YAMLSeq } from "yaml";
import type { Draft } from "./edit";
import { columnOf, lineEnd } from "./lines";
import { scalarText } from "./scalar";
import { comments, isInline, keyText, nodeAt, type Path, rangeOf, type Source } from "./source";

/** Makes every bracket from the root down to `path` block style; parts off the way stay as they are written. Empty ones stay. */
export function expandTo(draft: Draft, path: Path): void {
  for (let length = 1; length <= path.length; length += 1) {
    const place = path.slice(0, length);
    const node = nodeAt(draft.source, place);
    if (!isInline(node) || node.items.length === 0) continue;
    writeOut(draft, node, place, path.slice(length));
    return;
  }
}

function writeOut(draft: Draft, node: YAMLMap | YAMLSeq, place: Path, rest: Path): void {
  const { text } = draft;
  const [from, to] = rangeOf(node);
  const parent = nodeAt(draft.source, place.slice(0, -1));
  if (!isMap(parent)) {
    // An item of a list: its first pair stays behind the dash.
    const column = columnOf(text, from);
    const lines = written(draft.source, node, rest, column);
    draft.splice({ from, to, insert: lines.trimStart().replace(/\n$/, "") });
    return;
  }
  const pair = parent.items.find((item) => keyText(item) === place.at(-1));
  const column = columnOf(text, rangeOf(pair?.key)[0]);
  const lines = written(draft.source, node, rest, column + 2);
  let start = from;
  while (text[start - 1] === " ") start -= 1;
  const end = lineEnd(text, to);
  if (text.slice(to, end).trim() === "") draft.splice({ from: start, to, insert: `\n${lines.replace(/\n$/, "")}` });
  // A comment behind the closing bracket stays on the line of the key.
  else
    draft.splice(
      { from: start, to, insert: "" },
      { from: end, to: end, insert: (text[end - 1] === "\n" ? "" : "\n") + lines },
    );
}

/** The lines of a bracketed node in block style, every line `indent` deep, and below it what is on the way `rest`. */
function written(source: Source, node: YAMLMap | YAMLSeq, rest: Path, indent: number): string {
  const pad = " ".repeat(indent);
  const [from, to] = rangeOf(node);
  const remarks = comments(source.text).filter((comment) => comment.from > from && comment.to < to);
  let out = "";
  let at = from;
  const before = (end: number) => {
    for (const remark of remarks) {
      if (remark.from >= at && remark.to <= end)
        out += `${pad}${source.text.slice(remark.from, remark.to).trimEnd()}\n`;
    }
    at = end;
  };
  node.items.forEach((item, index) => {
    const pair = isMap(node) ? node.items[index] : undefined;
    const value = pair ? pair.value : item;
    const here = pair ? keyText(pair) : String(index);
    before(isNode(pair?.key) ? rangeOf(pair.key)[0] : isNode(value) ? rangeOf(value)[0] : at);
    const head = pair ? `${pad}${keyOf(source, pair.key)}:` : `${pad}-`;
    const deeper = rest[0] === here && isInline(value) && value.items.length > 0;
    if (!deeper) {
      out += `${head}${verbatim(source, value, indent)}\n`;
      if (isNode(value)) at = rangeOf(value)[1];
    } else if (pair) {
      out += `${head}\n${written(source, value, rest.slice(1), indent + 2)}`;
      at = rangeOf(value)[1];
    } else {
      out += `${head} ${written(source, value, rest.slice(1), indent + 2).trimStart()}`;
      at = rangeOf(value)[1];
    }
  });
  before(to);
  return out;
}

function keyOf(source: Source, key: unknown): string {
  return isNode(key) ? source.text.slice(...rangeOf(key)) : scalarText(String(key));
}

/** A value as it is written, with its further lines deep enough to stand below `indent`. */
function verbatim(source: Source, value: unknown, indent: number): string {
  if (!isNode(value)) return "";
  const [from, to] = rangeOf(value);
  if (from === to) return "";
  const lines = source.text.slice(from, to).split("\n");
  const deep = lines.map((line, index) =>
    index === 0 || line.trim() === "" ? line : " ".repeat(indent + 2) + line.trimStart(),
  );
  // Further lines of a text in brackets may be shifted: their indentation is no part of it.
  return ` ${deep.join("\n")}`;
}
