// Reads PO files.
import { readFileSync } from "node:fs";

/** Id to text of one PO file. */
export function catalog(path) {
  const texts = new Map();
  const blocks = readFileSync(path, "utf8").split(/\n\s*\n/);
  for (const block of blocks) {
    const part = (name) => {
      const found = block.match(new RegExp(`^${name} ((?:".*"\\n?)+)`, "m"));
      return found
        ? found[1]
            .trim()
            .split("\n")
            .map((line) => JSON.parse(line))
            .join("")
        : null;
    };
    const id = part("msgid");
    if (id) texts.set(id, part("msgstr") ?? "");
  }
  return texts;
}
