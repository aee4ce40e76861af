// Holds the texts together: every message is used, every message used is there, and no language lacks a
// translation, a placeholder or a plural form. `npm run messages`
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { sentences } from "./sentences.mjs";

const LOCALES = ["en", "ru", "ar", "it", "zh"];
const SERVER = "src/server/locales";
const FOLDERS = [
  "src/locales",
  "src/editor/locales",
  "src/desk/locales",
  "src/rules/locales",
  "src/book/locales",
  SERVER,
].filter((folder) => existsSync(join(folder, "en.po")));
const problems = [];

/** Id to text of one PO file. */
function catalog(path) {
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

for (const problem of problems) process.stderr.write(`${problem}\n`);
if (problems.length > 0) process.exit(1);
process.stdout.write(`${source.size} messages and ${said.size} sentences of the server, ${LOCALES.length} languages\n`);
