//! Lines of a text: where they begin, how far they are indented, what is on them.

/** The offset of the first character of the line that `at` is on. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf("\n", at - 1) + 1;
}

/** The offset after the end of the line that `at` is on, its newline included. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end + 1;
}

/** How many characters stand before `at` on its line. A byte order mark counts for nothing. */
export function columnOf(text: string, at: number): number {
  const start = lineStart(text, at);
  return at - start - (start === 0 && text.startsWith("\uFEFF") ? 1 : 0);
}

/** How far the line at `start` is indented, in spaces. */
export function indentAt(text: string, start: number): number {
  let at = start;
  while (text[at] === " ") at += 1;
  return at - start;
}

/** What is on the line at `start`. */
export function kindAt(text: string, start: number): "blank" | "comment" | "content" {
  const line = text.slice(start, lineEnd(text, start)).trim();
  return line === "" ? "blank" : line.startsWith("#") ? "comment" : "content";
}

/** Moves every line but empty ones by `by` spaces, to the left as far as there are spaces. */
export function shift(text: string, by: number): string {
  if (by === 0) return text;
  const move = (line: string) => {
    if (line === "" || line === "\r") return line;
    return by > 0 ? " ".repeat(by) + line : line.slice(Math.min(-by, indentAt(line, 0)));
  };
  return text.split("\n").map(move).join("\n");
}

/** The same text with the newlines of the document it goes into. */
export function withNewlines(text: string, newline: string): string {
  const plain = text.replaceAll("\r\n", "\n");
  return newline === "\n" ? plain : plain.replaceAll("\n", newline);
}
