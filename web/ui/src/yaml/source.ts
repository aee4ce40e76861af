//! A text with the tree that was read from it, and the ways to find places in both.

import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { Refused } from "./refused";

/** A place in a document: keys and indexes from the root, as in `steps/2/then/0`. */
export type Path = readonly string[];

/** A text and what was read from it. Never changed: an edit makes a new one. */
export interface Source {
  readonly text: string;
  readonly doc: Document.Parsed;
  /** What ends a line in this text. */
  readonly newline: "\n" | "\r\n";
}

/** Reads a text. A text that is not YAML gives a source with [`problem`]. */
export function read(text: string): Source {
  const doc = parseDocument(text, { intAsBigInt: true, keepSourceTokens: true, prettyErrors: true });
  return { text, doc, newline: text.includes("\r\n") ? "\r\n" : "\n" };
}

/** Why the text is not YAML: where, and in one sentence. */
export function problem(source: Source): { line: number; column: number; message: string } | null {
  const error = source.doc.errors[0];
  if (!error) return null;
  const at = error.linePos?.[0];
  return { line: at?.line ?? 1, column: at?.col ?? 1, message: sentence(error.message) };
}

/** The first line of what the reader says, without the place, which stands beside it. */
function sentence(message: string): string {
  const first = message.split("\n")[0] ?? "";
  return first.replace(/ at line \d+, column \d+:?$/, "").replace(/[^.]$/, "$&.");
}

/** The data of documents, made once for each: the end of an edit and the beginning of the next one ask for the same. */
const known = new WeakMap<Document.Parsed, unknown>();

/** The data of a document, as plain values, not to be changed; whole numbers are bigint, so that long ones keep their digits. */
export function data(source: Source): unknown {
  if (!known.has(source.doc)) known.set(source.doc, source.doc.toJS({ maxAliasCount: 0 }));
  return known.get(source.doc);
}

/** `steps/2/then/0`; a `/` inside a key is written `~1`, a `~` is `~0`. */
export function formatPath(path: Path): string {
  return path.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1")).join("/");
}

/** The reverse of [`formatPath`]. */
export function parsePath(text: string): string[] {
  return text === "" ? [] : text.split("/").map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** A key as text, however it is written. */
export function keyText(pair: Pair): string {
  const key = pair.key;
  return isScalar(key) ? (typeof key.value === "string" ? key.value : (key.source ?? String(key.value))) : String(key);
}

/** The pair of a key in a map. */
export function pairOf(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => keyText(pair) === key);
}

/** The node at a place, if there is one that is written out. */
export function nodeAt(source: Source, path: Path): Node | undefined {
  let node: unknown = source.doc.contents;
  for (const part of path) {
    if (isMap(node)) node = pairOf(node, part)?.value;
    else if (isSeq(node)) node = node.items[Number(part)];
    else return undefined;
  }
  return isNode(node) ? node : undefined;
}

/** Where a node is in the text. */
export function rangeOf(node: unknown): [number, number] {
  if (!isNode(node) || !node.range) throw new Refused("unplaced");
  return [node.range[0], node.range[1]];
}

/** Whether nothing is written where the node would be: `key:` and then the line ends. */
export function isBlank(node: unknown): boolean {
  return isScalar(node) && node.range !== undefined && node.range !== null && node.range[0] === node.range[1];
}

/** Whether the node is written in brackets. */
export function isInline(node: unknown): node is YAMLMap | YAMLSeq {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

/** Refuses what a visual edit has no right answer for: aliases, anchors, tags, at the place or around it. */
export function refuseShared(source: Source, path: Path): void {
  for (let length = 0; length <= path.length; length += 1) {
    const node = nodeAt(source, path.slice(0, length));
    if (!node) return;
    if (isAlias(node) || ("anchor" in node && node.anchor)) throw new Refused("alias");
    if (node.tag && !node.tag.startsWith("tag:yaml.org")) throw new Refused("tag");
  }
}

/** The comments of a text, in order, with their offsets. */
export function comments(text: string): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  let at = 0;
  for (const lexeme of new Lexer().lex(text)) {
    // Marks of the lexer that are not in the text.
    if (lexeme === "\x02" || lexeme === "\x1f" || lexeme === "\x18") continue;
    if (lexeme.startsWith("#")) found.push({ from: at, to: at + lexeme.length });
    at += lexeme.length;
  }
  return found;
}
