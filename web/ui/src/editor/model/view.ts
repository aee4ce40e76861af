//! What a document says, as forms and pictures see it: text keeps the spelling it is written with.

import { isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from "yaml";
import { columnOf } from "~/yaml/lines";
import { keyText, rangeOf, type Source } from "~/yaml/source";

export type Written = null | boolean | number | string | Written[] | { [key: string]: Written };
export type WrittenMap = { [key: string]: Written };

/** What documents say, read once for each text. */
const views = new WeakMap<Source, Written>();
/** Of maps and lists the text they were read from, with the column it begins in: the same text says the same. */
const texts = new WeakMap<object, string>();

/**
 * The document as plain values. A number that would not be printed as it is written (`+39`, `007`, `1.50`) stays text. Maps and
 * lists whose text is that of `before` are the same objects, so that what is drawn from them need not be drawn again.
 */
export function view(source: Source, before?: Source): Written {
  const known = views.get(source);
  if (known !== undefined) return known;
  const fresh = written(source.doc.contents, source.text, before && views.get(before));
  views.set(source, fresh);
  return fresh;
}

function written(node: unknown, text: string, before: Written | undefined): Written {
  if (!isScalar(node)) return isMap(node) || isSeq(node) ? collection(node, text, before) : null;
  const { value } = node;
  if (typeof value === "number" || typeof value === "bigint") {
    const spelling = node.source ?? String(value);
    return String(Number(value)) === spelling ? Number(value) : spelling;
  }
  return typeof value === "string" || typeof value === "boolean" ? value : null;
}

function collection(node: YAMLMap | YAMLSeq, text: string, before: Written | undefined): Written {
  const [from, to] = rangeOf(node);
  const own = `${columnOf(text, from)} ${text.slice(from, to)}`;
  if (typeof before === "object" && before !== null && texts.get(before) === own) return before;
  const old = (key: string | number) => (before as Record<string | number, Written> | null | undefined)?.[key];
  const fresh = isSeq(node)
    ? node.items.map((item, index) => written(item, text, old(index)))
    : Object.fromEntries(node.items.map((pair) => [keyText(pair), written(pair.value, text, old(keyText(pair)))]));
  texts.set(fresh, own);
  return fresh;
}

export function isWrittenMap(value: Written | undefined): value is WrittenMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as one line of text, for titles and previews. */
export function asText(value: Written | undefined): string {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
