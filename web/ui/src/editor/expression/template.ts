//! Text with values inserted, as pieces: words, and names that forms show as pills.

/** Words, a name that is inserted (with what stands there when it is missing), or something of handlebars that stays as it is. */
export type Piece =
  | { kind: "words"; text: string }
  | { kind: "name"; name: string; fallback: string | null; text: string }
  | { kind: "code"; text: string };

const INSERTED = /\{\{\{?[^{}]*\}?\}\}/g;
const NAME = /^[A-Za-z_][\w]*(?:\.[\w-]+)*$/;

/** The pieces of a text; put together again they are the text. */
export function pieces(text: string): Piece[] {
  const all: Piece[] = [];
  let at = 0;
  for (const match of text.matchAll(INSERTED)) {
    if (match.index > at) all.push({ kind: "words", text: text.slice(at, match.index) });
    all.push(inserted(match[0]));
    at = match.index + match[0].length;
  }
  if (at < text.length) all.push({ kind: "words", text: text.slice(at) });
  return all;
}

function inserted(text: string): Piece {
  const inner = text.replace(/^\{+|\}+$/g, "").trim();
  if (NAME.test(inner) && inner !== "else") return { kind: "name", name: inner, fallback: null, text };
  const fallback = /^default\s+(\S+)\s+(?:"([^"]*)"|(\S+))$/.exec(inner);
  if (fallback?.[1] && NAME.test(fallback[1]))
    return { kind: "name", name: fallback[1], fallback: fallback[2] ?? fallback[3] ?? "", text };
  return { kind: "code", text };
}

/** Whether a value is worked out instead of written: `= …`. */
export function isFormula(text: string): boolean {
  return /^=\s/.test(text) || text === "=";
}

/** The rhai of `= …`. */
export function formulaOf(text: string): string {
  return text.replace(/^=\s*/, "");
}
