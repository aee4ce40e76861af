//! New pieces of YAML, in the style of the flows that come with Switchboard. Only what is new is ever printed.

import { blockText, fitsBlock, type Plain, scalarText } from "./scalar";

/** A value that an edit puts into a document. */
export type Value = Plain | readonly Value[] | { readonly [key: string]: Value };

/** Longest list that is written in brackets, in characters. */
const INLINE = 80;

/** What follows `key:`, its own space included, for a key that stands `indent` spaces deep; no newline at its end. */
export function afterKey(value: Value, indent: number): string {
  if (isList(value)) {
    const short = value.every((item) => isScalarValue(item)) ? inline(value) : "[]";
    if (value.length === 0 || (short !== "[]" && short.length <= INLINE && !short.includes("\n"))) return ` ${short}`;
    return `\n${value.map((item) => itemText(item, indent + 2)).join("")}`.replace(/\n$/, "");
  }
  if (isMapping(value)) {
    return Object.keys(value).length === 0 ? " {}" : `\n${pairsText(value, indent + 2)}`.replace(/\n$/, "");
  }
  if (typeof value === "string" && fitsBlock(value)) return ` ${blockText(value, indent + 2)}`.replace(/\n$/, "");
  return value === null ? "" : ` ${scalarText(value)}`;
}

/** An item of a list with its dash `indent` spaces deep; ends with a newline. */
export function itemText(value: Value, indent: number): string {
  const dash = `${" ".repeat(indent)}- `;
  if (isMapping(value) && Object.keys(value).length > 0) {
    return dash + pairsText(value, indent + 2).slice(indent + 2);
  }
  if (isList(value) || isMapping(value)) return `${dash}${inline(value)}\n`;
  return `${dash}${value === null ? "null" : scalarText(value)}\n`;
}

/** The pairs of a map, each `indent` spaces deep; ends with a newline. */
export function pairsText(value: { readonly [key: string]: Value }, indent: number): string {
  const pad = " ".repeat(indent);
  const pair = ([key, item]: [string, Value]) => `${pad}${scalarText(key)}:${afterKey(item, indent)}\n`;
  return Object.entries(value).map(pair).join("");
}

/** Any value on one line, in brackets. */
export function inline(value: Value): string {
  if (isList(value)) return `[${value.map(inline).join(", ")}]`;
  if (isMapping(value)) {
    const pairs = Object.entries(value).map(([key, item]) => `${scalarText(key)}: ${inline(item)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return scalarText(value);
}

export function isList(value: unknown): value is readonly Value[] {
  return Array.isArray(value);
}

export function isMapping(value: unknown): value is { readonly [key: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isScalarValue(value: Value): boolean {
  return !isList(value) && !isMapping(value);
}
