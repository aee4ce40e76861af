//! Replacements of pieces of one text: what every edit of a document is made of.

/** Replaces `from`..`to` (offsets in UTF-16 units) by `insert`; the shape CodeMirror takes as a change. */
export interface Splice {
  from: number;
  to: number;
  insert: string;
}

/** Applies splices that do not overlap; their offsets are those of `text`. Of two at one place, the one given first stands first. */
export function apply(text: string, splices: readonly Splice[]): string {
  let out = "";
  let at = 0;
  for (const splice of inOrder(splices)) {
    out += text.slice(at, splice.from) + splice.insert;
    at = splice.to;
  }
  return out + text.slice(at);
}

/** The splices of the new text that give `text` back. */
export function invert(text: string, splices: readonly Splice[]): Splice[] {
  let shift = 0;
  return inOrder(splices).map(({ from, to, insert }) => {
    const start = from + shift;
    shift += insert.length - (to - from);
    return { from: start, to: start + insert.length, insert: text.slice(from, to) };
  });
}

/** The one splice that turns `before` into `after`, as small as a common beginning and end allow. */
export function difference(before: string, after: string): Splice {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < most - start && before[before.length - 1 - end] === after[after.length - 1 - end]) end += 1;
  return { from: start, to: before.length - end, insert: after.slice(start, after.length - end) };
}

function inOrder(splices: readonly Splice[]): Splice[] {
  return splices
    .map((splice, index) => ({ splice, index }))
    .sort((a, b) => a.splice.from - b.splice.from || a.splice.to - b.splice.to || a.index - b.index)
    .map(({ splice }) => splice);
}
