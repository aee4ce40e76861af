// What a PDF as Chromium writes it has on its pages: their sizes in points, and the words, by the fonts' own tables.
import { inflateSync } from "node:zlib";

/** The pages of a document and all its words, lines joined by spaces. */
export function pagesOf(file) {
  const text = file.toString("latin1");
  const objects = new Map();
  for (const [, id, body] of text.matchAll(/(?:^|\n)(\d+) 0 obj\s*([\s\S]*?)\nendobj/g)) objects.set(id, body);
  const pages = [...objects.values()].filter((body) => /\/Type\s*\/Page\b(?!s)/.test(body));
  const tables = new Map();
  for (const [id, body] of objects) {
    const table = /\/ToUnicode (\d+) 0 R/.exec(body);
    if (table) tables.set(id, letters(stream(objects.get(table[1]))));
  }
  const words = pages.map((page) => {
    const fonts = new Map([...page.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => [name, tables.get(id)]));
    const [, contents] = /\/Contents (\d+) 0 R/.exec(page) ?? [];
    return shown(stream(objects.get(contents)), fonts);
  });
  return { pages: pages.map(sizeOf), words: words.join(" ").normalize("NFKC") };
}

function sizeOf(page) {
  const [, x, y, right, top] = /\/MediaBox\s*\[\s*(\S+)\s+(\S+)\s+(\S+)\s+([^\s\]]+)/.exec(page);
  return { width: right - x, height: top - y };
}

function stream(body = "") {
  const at = body.indexOf("stream");
  const from = body.indexOf("\n", at) + 1;
  const bytes = Buffer.from(body.slice(from, body.lastIndexOf("endstream")), "latin1");
  return /\/FlateDecode/.test(body) ? inflateSync(bytes).toString("latin1") : bytes.toString("latin1");
}

/** From a glyph's number to its letters. */
function letters(table) {
  const found = new Map();
  const word = (hex) => Buffer.from(hex, "hex").swap16().toString("utf16le");
  for (const [, block] of table.matchAll(/beginbfchar([\s\S]*?)endbfchar/g))
    for (const [, glyph, hex] of block.matchAll(/<(\w+)>\s*<(\w+)>/g)) found.set(Number.parseInt(glyph, 16), word(hex));
  for (const [, block] of table.matchAll(/beginbfrange([\s\S]*?)endbfrange/g))
    for (const [, first, last, hex] of block.matchAll(/<(\w+)>\s*<(\w+)>\s*<(\w+)>/g)) {
      const start = Number.parseInt(hex, 16);
      for (let at = Number.parseInt(first, 16), step = 0; at <= Number.parseInt(last, 16); at += 1, step += 1)
        found.set(at, String.fromCharCode(start + step));
    }
  return found;
}

/** The words that a page's drawing shows, in the order in which it draws them. */
function shown(drawing, fonts) {
  let out = "";
  let font;
  for (const [all, name, hex] of drawing.matchAll(/\/(F\d+) \S+ Tf|<([0-9A-Fa-f]+)>|\bET\b/g)) {
    if (name) font = fonts.get(name);
    else if (hex) for (const glyph of hex.match(/.{4}/g) ?? []) out += font?.get(Number.parseInt(glyph, 16)) ?? "";
    else if (all === "ET") out += " ";
  }
  return out;
}
