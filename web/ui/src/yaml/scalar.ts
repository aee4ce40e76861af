//! Scalars as YAML text: plain where no reader could take it for something else, quoted when in doubt.

import type { Scalar } from "yaml";

/** Values that one field holds. */
export type Plain = string | number | bigint | boolean | null;

/** How a scalar was written before. */
export type Style = Scalar["type"];

const WORDS = /^(?:y|n|yes|no|on|off|true|false|null|nan|inf|infinity|undefined|~)$/i;
const DURATION = /^(?:[0-9]+(?:ms|d|h|m|s))+$/;
/** Begins with a letter of any script, `_` or `/`, and has nothing that means something to YAML. */
const PLAIN =
  /^[\p{L}_/](?:[^\p{C}\p{Z}:#,[\]{}"'\\|>&*!%@`=]|[ :](?=[^\p{C}\p{Z}:#,[\]{}"'\\|>&*!%@`=])|[.,](?! ))*$/u;
/** What YAML calls not printable, half of a surrogate pair, line ends other than `\n`, the byte order mark. */
const UNPRINTABLE = /[\p{Cc}\u2028\u2029\uFEFF\uFFFE\uFFFF\p{Cs}]/u;

/** Whether a text may stand without quotes, in brackets too, and is text to YAML 1.1 and 1.2 alike. */
export function isPlain(text: string): boolean {
  if (DURATION.test(text)) return true;
  return PLAIN.test(text) && !WORDS.test(text) && !text.includes(": ") && !text.includes(",");
}

/** A scalar on one line. `before` is how the value there was written: its quotes are kept where they can be. */
export function scalarText(value: Plain, before?: Style): string {
  if (typeof value !== "string") return value === null ? "null" : String(value);
  const single = !UNPRINTABLE.test(value);
  if (before === "QUOTE_SINGLE" && single) return singleQuoted(value);
  if (before === "QUOTE_DOUBLE") return doubleQuoted(value);
  if (isPlain(value)) return value;
  return single && /["\\]/.test(value) && !value.includes("'") ? singleQuoted(value) : doubleQuoted(value);
}

/** Whether a text that stands outside brackets, and had no quotes before, needs none now: a condition has quotes of its own. */
export function staysPlain(text: string): boolean {
  const fits = /^[\p{L}_]/u.test(text) && !/\s$|[\r\n\t]|:(?:\s|$)|\s#/.test(text);
  return fits && !WORDS.test(text) && !UNPRINTABLE.test(text);
}

/** Whether a text can be written as a literal block, which shows its lines as they are. */
export function fitsBlock(text: string): boolean {
  const lines = text.includes("\n") && !text.endsWith("\n\n") && !/^[ \n]/.test(text) && !/^ +$/m.test(text);
  return lines && !text.includes("\t") && !UNPRINTABLE.test(text.replaceAll("\n", ""));
}

/** A literal block with its header, its lines indented by `indent`; ends with a newline. */
export function blockText(text: string, indent: number): string {
  const header = text.endsWith("\n") ? "|" : "|-";
  const lines = text.replace(/\n$/, "").split("\n");
  return `${header}\n${lines.map((line) => (line ? " ".repeat(indent) + line : line)).join("\n")}\n`;
}

function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(/[\u007F-\u009F\u2028\u2029\uFEFF\uFFFE\uFFFF]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
