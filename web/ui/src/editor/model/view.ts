//! What a document says, as forms and pictures see it: text keeps the spelling it is written with.

import { isMap, isScalar, isSeq } from "yaml";
import { keyText, type Source } from "~/yaml/source";

export type Written = null | boolean | number | string | Written[] | { [key: string]: Written };
export type WrittenMap = { [key: string]: Written };

/** The document as plain values. A number that would not be printed as it is written (`+39`, `007`, `1.50`) stays text. */
export function view(source: Source): Written {
  return written(source.doc.contents);
}

function written(node: unknown): Written {
  if (isMap(node)) {
    const pairs = node.items.map((pair): [string, Written] => [keyText(pair), written(pair.value)]);
    return Object.fromEntries(pairs);
  }
  if (isSeq(node)) return node.items.map(written);
  if (!isScalar(node)) return null;
  const { value } = node;
  if (typeof value === "number" || typeof value === "bigint") {
    const text = node.source ?? String(value);
    return String(Number(value)) === text ? Number(value) : text;
  }
  return typeof value === "string" || typeof value === "boolean" ? value : null;
}

export function isWrittenMap(value: Written | undefined): value is WrittenMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as one line of text, for titles and previews. */
export function asText(value: Written | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
