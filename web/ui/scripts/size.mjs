// Holds the build to its budgets, in bytes of gzip: what a browser fetches for the frame, and what each part adds. `npm run size`
import { existsSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const DIST = "dist";
const KB = 1024;
/** What may be fetched besides the frame; the file is the entry of the part. */
const PARTS = {
  editor: { entry: "src/editor/index.tsx", most: 140 * KB },
  inbox: { entry: "src/pages/inbox/index.tsx", most: 40 * KB },
  offers: { entry: "src/desk/index.tsx", most: 10 * KB },
  runs: { entry: "src/pages/runs/index.tsx", most: 82 * KB },
  run: { entry: "src/pages/run/index.tsx", most: 60 * KB },
  settings: { entry: "src/pages/settings/index.tsx", most: 100 * KB },
};
const FRAME = 170 * KB;
/** Styles that every page has, and those of the page that has most, with all that is opened on it. */
const FRAME_STYLES = 8 * KB;
const PAGE_STYLES = 16 * KB;
/** Texts of one page in one language; two bytes a letter make Russian the largest. */
const LOCALE = 28 * KB;
/** What the server says, loaded when it says something. */
const SENTENCES = 26 * KB;
/** What actions, triggers and their fields are, loaded with the form of a step. */
const ABOUTS = 10 * KB;
/** What the flows that ship are called and do, loaded with their gallery. */
const LIBRARY = 8 * KB;

if (!existsSync(`${DIST}/.vite/manifest.json`)) {
  process.stderr.write("there is no build to measure: npm run build\n");
  process.exit(1);
}
const manifest = JSON.parse(readFileSync(`${DIST}/.vite/manifest.json`, "utf8"));
const sizes = new Map();

function size(file) {
  if (!sizes.has(file)) sizes.set(file, gzipSync(readFileSync(`${DIST}/${file}`), { level: 9 }).length);
  return sizes.get(file);
}

/** All scripts that `entry` needs before it runs. */
function scripts(entry, seen = new Set()) {
  const chunk = manifest[entry];
  if (!chunk || seen.has(chunk.file)) return seen;
  seen.add(chunk.file);
  for (const inner of chunk.imports ?? []) scripts(inner, seen);
  return seen;
}

/** All styles that come with `entries`; `later` also with what they open. The frame is not followed: it opens every page. */
function stylesOf(entries, later, seen = new Set(), found = new Set()) {
  for (const entry of entries) {
    const chunk = manifest[entry];
    if (!chunk || seen.has(entry)) continue;
    seen.add(entry);
    for (const file of chunk.css ?? []) found.add(file);
    stylesOf(chunk.imports ?? [], later, seen, found);
    if (later && !frame.has(chunk.file)) stylesOf(chunk.dynamicImports ?? [], later, seen, found);
  }
  return found;
}

const sum = (files) => [...files].reduce((total, file) => total + size(file), 0);
const frame = scripts("index.html");
const chunks = Object.entries(manifest);
const frameStyles = stylesOf(
  ["index.html", "src/desk/index.tsx", "src/desk/presence.tsx", "src/shell/menus.tsx"],
  false,
);
const pages = Object.keys(manifest).filter((name) => /^src\/(pages|editor)\/.*\.tsx$/.test(name));
const pageStyles = pages.map((page) => sum([...stylesOf([page], true)].filter((file) => !frameStyles.has(file))));
const locales = chunks.filter(([name]) => name.endsWith(".po"));

const rows = [
  ["frame", sum(frame), FRAME],
  ["styles, every page", sum(frameStyles), FRAME_STYLES],
  ["styles, most of a page", Math.max(...pageStyles), PAGE_STYLES],
  ...["en", "ru", "ar", "it", "zh"].map((locale) => {
    const of = (part) => manifest[`src/${part}locales/${locale}.po`].file;
    // A page is the editor's, the rules', that of alarms or of settings, never two of them; offers may appear over every one.
    const most = Math.max(...["editor/", "rules/", "alarms/", "pages/settings/"].map((part) => size(of(part))));
    return [`texts of a page, ${locale}`, sum([of(""), of("desk/")]) + most, LOCALE];
  }),
  ...["ru", "ar", "it", "zh"].map((locale) => {
    const files = locales.filter(([name]) => name.endsWith(`src/server/locales/${locale}.po`));
    return [`the server's, ${locale}`, sum(files.map(([, chunk]) => chunk.file)), SENTENCES];
  }),
  ...["ru", "ar", "it", "zh"].map((locale) => [
    `the catalogue's, ${locale}`,
    size(manifest[`src/server/catalog/${locale}.po`].file),
    ABOUTS,
  ]),
  ...["ru", "ar", "it", "zh"].map((locale) => [
    `the gallery's, ${locale}`,
    size(manifest[`src/server/library/${locale}.po`].file),
    LIBRARY,
  ]),
  ...Object.entries(PARTS)
    .filter(([, { entry }]) => manifest[entry])
    .map(([name, { entry, most }]) => [
      `${name}, besides`,
      sum([...scripts(entry)].filter((file) => !frame.has(file))),
      most,
    ]),
];

let over = 0;
for (const [name, bytes, most] of rows) {
  if (bytes > most) over += 1;
  const line = `${name.padEnd(24)} ${(bytes / KB).toFixed(1).padStart(7)} KB of ${most / KB}`;
  process.stdout.write(`${line}${bytes > most ? "  OVER" : ""}\n`);
}
process.exit(over > 0 ? 1 : 0);
