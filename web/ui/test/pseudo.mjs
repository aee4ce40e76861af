// A language nobody speaks, `en-XA`: English with accents, brackets around each message, and 40 % longer. It is made here and put
// in the place of Italian. On a walk through all pages each word stands in brackets, or in an element for what people and
// programs wrote; and nothing is cut off, on a screen and on a phone.
// `npm run pseudo`; SWITCHBOARD_BIN names the binary, CHROMIUM the browser, ONLY one page, LOOK a folder for pictures.
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compileMessage } from "@lingui/message-utils/compileMessage";
import { catalog } from "../scripts/po.mjs";
import { launch, pageOf, places, play, serve, settled } from "./serve.mjs";

const { ONLY, LOOK } = process.env;
const SIZES = [
  { width: 1280, height: 800 },
  { width: 320, height: 700 },
];
const FOLDERS = [
  "",
  "editor/",
  "editor/publish/",
  "desk/",
  "rules/",
  "alarms/",
  "book/",
  "pages/audit/",
  "pages/flows/import/",
  "pages/settings/",
  "server/",
].map((part) => `src/${part}locales`);
const ACCENTS = Object.fromEntries(
  [..."aáeéiíoóuúyýAÁEÉIÍOÓUÚcçnñ"]
    .join("")
    .match(/../g)
    .map(([one, other]) => [one, other]),
);

/** A text of a message, in accents, and longer by what its vowels are doubled to. */
function accented(text) {
  let vowels = 0;
  return text.replace(/[aeiouyAEIOUcn]/g, (letter) => {
    const other = ACCENTS[letter] ?? letter;
    vowels += 1;
    return vowels % 5 < 4 ? other + other.toLowerCase() : other;
  });
}

/** What a compiled message becomes: its texts change, its values and what they choose by do not. */
function changed(part) {
  if (typeof part === "string") return accented(part);
  if (!Array.isArray(part)) return part;
  const [name, kind, forms] = part;
  if (typeof forms !== "object" || forms === null) return part;
  const all = Object.entries(forms).map(([form, inner]) => [form, form === "offset" ? inner : texts(inner)]);
  return [name, kind, Object.fromEntries(all)];
}
const texts = (message) => (Array.isArray(message) ? message.map(changed) : changed(message));

function pseudo(english) {
  const compiled = compileMessage(english);
  const parts = texts(Array.isArray(compiled) ? compiled : [compiled]);
  return ["⟦", ...parts, "⟧"];
}

const module = (messages) => `export const messages = ${JSON.stringify(messages)};`;
const all = (entries) => Object.fromEntries(entries.map(([id, english]) => [id, pseudo(english)]));

/** What each file of Italian texts is instead: its address in the build to its script. */
function instead() {
  const manifest = JSON.parse(readFileSync("dist/.vite/manifest.json", "utf8"));
  const quoted = (text) => text.replace(/[{}]+/g, "'$&'");
  const abouts = readFileSync("src/server/catalog/texts.txt", "utf8").split("\n").filter(Boolean);
  const made = [
    ...[...FOLDERS, "src/server/troubles"].map((folder) => [folder, [...catalog(`${folder}/en.po`)]]),
    ["src/server/catalog", abouts.map((text) => [text, quoted(text)])],
    ["src/server/library", [...catalog("src/server/library/it.po").keys()].map((text) => [text, quoted(text)])],
  ];
  return new Map(made.map(([folder, entries]) => [`/${manifest[`${folder}/it.po`].file}`, module(all(entries))]));
}

/** In the page: texts outside brackets, and what is cut off. */
function look() {
  /** Where people, programs and other libraries speak. */
  const MADE =
    "bdi, code, pre, kbd, time, q, textarea, svg, script, style, [lang]:not(html), [translate=no], .cm-editor, .react-flow__attribution";
  /** What react-aria says in Italian, languages by their own names, and who is signed in. */
  const OTHERS = ["Mostra suggerimenti", "Ignora", "English", "Italiano", "Mia Rossi"];
  const found = [];
  const name = (element) => `<${element.tagName.toLowerCase()} class="${element.getAttribute("class") ?? ""}">`;
  const shown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && element.getClientRects().length > 0;
  /** What is left of a text without values of people and without messages. */
  const bare = (text) => {
    let rest = text;
    for (const inner of [/⁨[^⁨⁩]*⁩/g, /⟦[^⟦⟧]*⟧/g])
      for (let before = null; before !== rest; ) {
        before = rest;
        rest = rest.replace(inner, "");
      }
    // Figures with their unit come from the browser: 37ms.
    return rest.replace(/\d[\d.,]*\s?\p{L}+/gu, "").trim();
  };
  const words = (text) => /\p{L}{2}/u.test(text) && !OTHERS.includes(text);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!parent || parent.closest(MADE) || !shown(parent)) continue;
    const left = bare(node.data);
    if (words(left)) found.push(`not translated: "${left.slice(0, 80)}" in ${name(parent)}`);
  }
  for (const element of document.querySelectorAll("[aria-label], [placeholder], [alt]")) {
    if (element.closest(MADE) || !shown(element)) continue;
    for (const attribute of ["aria-label", "placeholder", "alt"]) {
      const label = element.getAttribute(attribute) ?? "";
      // What a label repeats of what stands inside is judged there, where it is known who wrote it.
      const inside = (part) => element.textContent.includes(part.trim());
      const left = label.split(/, (?![^⟦]*⟧)/).filter((part) => words(bare(part)) && !inside(part));
      if (left.length > 0) found.push(`not translated: ${attribute} "${left.join(", ")}" of ${name(element)}`);
    }
  }
  for (const element of document.querySelectorAll("button, a, label, th, h1, h2, h3, p, li, dt, dd, span, div")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!own || !shown(element) || element.closest("svg, .cm-editor")) continue;
    const style = getComputedStyle(element);
    if (style.display === "inline" || element.clientWidth <= 1) continue;
    const more = element.scrollWidth - element.clientWidth;
    const wanted = style.textOverflow === "ellipsis" || style.overflowX === "auto" || style.overflowX === "scroll";
    if (more > 1 && !wanted)
      found.push(`${more} px cut off: "${element.textContent.slice(0, 60)}" in ${name(element)}`);
  }
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide > 0) found.push(`${wide} px wider than the window`);
  return [...new Set(found)];
}

/** The form of each step of the flow that is open. */
async function steps(page, path) {
  const cards = page.locator(".react-flow__node .nopan");
  for (let n = 0; n < (await cards.count()); n += 1) {
    await cards.nth(n).press("Enter");
    await settled(page);
    looks += 1;
    for (const found of await page.evaluate(look)) problems.push(`${path} step ${n}: ${found}`);
  }
}

if (LOOK) mkdirSync(LOOK, { recursive: true });
const files = instead();
const problems = [];
let looks = 0;
const at = await serve();
const browser = await launch();
try {
  const [run] = await play(at);
  const editor = ["/flows/order-to-ticket", "/flows/price-autoreply"];
  const paths = [...places(run), ...editor, "/inbox", "/team"].filter((path) => !ONLY || path.startsWith(ONLY));
  const page = await pageOf(browser, at, { locale: "it" });
  await page.route(
    ({ pathname }) => files.has(pathname),
    (route) => {
      const body = files.get(new URL(route.request().url()).pathname);
      return route.fulfill({ contentType: "text/javascript", body });
    },
  );
  for (const path of paths) {
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.goto(at.base + path);
      await settled(page);
      await page.evaluate(() => document.fonts.ready);
      looks += 1;
      for (const found of await page.evaluate(look)) problems.push(`${path} ${size.width}: ${found}`);
      if (size.width > 1000 && path.startsWith("/flows/")) await steps(page, path);
      if (LOOK) await page.screenshot({ path: join(LOOK, `${path.replaceAll(/\W+/g, "-")}-${size.width}.png`) });
    }
  }
} finally {
  await browser.close();
  await at.stop();
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`pseudo: ${looks} pages looked at, ${problems.length} problems\n`);
process.exit(problems.length > 0 ? 1 : 0);
