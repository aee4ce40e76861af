// Holds the texts together: every message is used, every message used is there, and no language lacks a
// translation, a placeholder or a plural form. `npm run messages`
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { catalog } from "./po.mjs";
import { codes, sentences } from "./sentences.mjs";

const LOCALES = ["en", "ru", "ar", "it", "zh"];
const SERVER = "src/server/locales";
const PARTS = [
  "editor",
  "editor/publish",
  "desk",
  "rules",
  "alarms",
  "book",
  "pages/audit",
  "pages/flows/import",
  "pages/settings",
].map((part) => `src/${part}/locales`);
/** Texts of the catalogue: `texts.txt` is the English, written down by the server (`make api`). */
const CATALOG = "src/server/catalog";
/** The flows that ship, and what they are called and do. */
const FLOWS = "../../flows";
const LIBRARY = "src/server/library";
const FOLDERS = ["src/locales", ...PARTS, "src/server/troubles", SERVER].filter((folder) =>
  existsSync(join(folder, "en.po")),
);
const problems = [];

/** Names in braces, but for the forms of a plural. */
function placeholders(text) {
  return [...new Set([...text.matchAll(/\{\s*(\w+)\s*[,}]/g)].map((found) => found[1]))].sort().join(",");
}

function checkPlurals(id, locale, text) {
  if (!/, *plural,/.test(text)) return;
  const { pluralCategories } = new Intl.PluralRules(locale).resolvedOptions();
  const lacking = pluralCategories.filter((form) => !new RegExp(`\\b${form} *\\{`).test(text));
  if (lacking.length > 0) problems.push(`${locale}: ${id} has no form for ${lacking.join(", ")}`);
}

const source = new Map();
for (const folder of FOLDERS) {
  const english = catalog(join(folder, "en.po"));
  if (folder !== SERVER) for (const [id, text] of english) source.set(id, text);
  for (const locale of LOCALES) {
    const texts = catalog(join(folder, `${locale}.po`));
    for (const [id, text] of english) {
      const there = texts.get(id);
      if (!there) problems.push(`${locale}: ${id} is not translated`);
      else if (placeholders(there) !== placeholders(text))
        problems.push(`${locale}: ${id} has other placeholders than en`);
      else checkPlurals(id, locale, there);
    }
    for (const id of texts.keys()) if (!english.has(id)) problems.push(`${locale}: ${id} is not in en`);
  }
}

const used = new Set();
const prefixes = new Set();
for (const name of readdirSync("src", { recursive: true, encoding: "utf8" })) {
  if (!/\.tsx?$/.test(name)) continue;
  const code = readFileSync(join("src", name), "utf8");
  for (const [, id] of code.matchAll(/["'`]([a-z_]+(?:\.[a-z0-9_]+)+)["'`]/g)) used.add(id);
  for (const [, prefix] of code.matchAll(/`([a-z_]+(?:\.[a-z0-9_]+)*\.)\$\{/g)) prefixes.add(prefix);
  for (const [, id] of code.matchAll(/\b(?:t|translate)\(\s*"([^"]+)"/g)) {
    if (!source.has(id)) problems.push(`src/${name}: there is no message "${id}"`);
  }
}
for (const id of source.keys()) {
  const known = used.has(id) || [...prefixes].some((prefix) => id.startsWith(prefix));
  if (!known) problems.push(`en: ${id} is used nowhere`);
}

// What the server says: its source has the English, and a sentence that was changed there needs its translations anew.
const said = catalog(join(SERVER, "en.po"));
const says = sentences();
for (const [form, file] of says) if (!said.has(form)) problems.push(`${file}: no translation of "${form}"`);
for (const form of said.keys()) {
  if (!says.has(form) && form.includes(" ") && form !== "waiting for a person")
    problems.push(`${SERVER}: nothing says "${form}"`);
}

// Why something did not happen: each code of ours has words, by itself or with others.
const grouped = new Set(readFileSync("src/server/trouble.ts", "utf8").match(/\w+/g));
for (const [own, file] of codes()) {
  if (!source.has(`trouble.${own}`) && !grouped.has(own)) problems.push(`${file}: no words for the code ${own}`);
}

// What actions, triggers and their fields are: what is code stays code.
const code = (text) =>
  [...text.replace(/'([{}]+)'/g, "$1").matchAll(/`[^`]*`/g)]
    .map(([part]) => part)
    .sort()
    .join(" ");
const lines = readFileSync(join(CATALOG, "texts.txt"), "utf8").split("\n").filter(Boolean);
const NAME = /^(action|trigger|field|choice):(\S+)$/;
const abouts = lines.filter((line) => !NAME.test(line));
for (const [, kind, name] of lines.map((line) => line.match(NAME) ?? []).filter(([name]) => name)) {
  const id = `editor.${kind}.${name.replace(".", "_")}`;
  if (!source.has(id)) problems.push(`${CATALOG}: the ${kind} ${name} has no words "${id}"`);
}
checkTexts(CATALOG, abouts);
const shipped = libraryTexts();
checkTexts(LIBRARY, shipped);

/** Each English text has its translations, and none is left of a text that is gone. */
function checkTexts(folder, english) {
  for (const locale of LOCALES.slice(1)) {
    const file = `${folder}/${locale}.po`;
    const texts = catalog(file);
    for (const text of english) {
      const there = texts.get(text);
      if (!there) problems.push(`${file}: no translation of "${text}"`);
      else if (code(there) !== code(text)) problems.push(`${file}: "${text}" has other code in it`);
    }
    for (const id of texts.keys()) if (!english.includes(id)) problems.push(`${file}: nothing says "${id}"`);
  }
}

/** Names and notes of the flows that ship: what `name:` says, and the first lines of the text. */
function libraryTexts() {
  const files = readdirSync(FLOWS).filter((name) => name.endsWith(".yaml"));
  const texts = files.flatMap((file) => {
    const text = readFileSync(join(FLOWS, file), "utf8");
    const lines = text.split("\n").map((line) => (line.startsWith("#") ? line.slice(1).trim() : ""));
    return [parse(text).name, lines.slice(0, lines.indexOf("")).join(" ")];
  });
  return [...new Set(texts.filter(Boolean))];
}

// What the log says: each kind of entry has words.
const { components } = JSON.parse(readFileSync("openapi.json", "utf8"));
for (const { properties, const: word } of components.schemas.EntryWhat.oneOf) {
  const did = properties?.did?.const ?? word;
  if (!source.has(`did.${did}`)) problems.push(`openapi.json: the log's entry ${did} has no words "did.${did}"`);
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exit(1);
const counts = `${source.size} messages, ${said.size} sentences and ${abouts.length + shipped.length} texts of the server`;
process.stdout.write(`${counts}, ${LOCALES.length} languages\n`);
