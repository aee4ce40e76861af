// Walks through all pages of the real server but the flow editor: axe in both directions and themes, nothing wider than the
// window in five languages, and the keyboard alone: a way in, dialogs that open and close, focus never lost.
// `npm run walk`; SWITCHBOARD_BIN names the binary, CHROMIUM the browser, ONLY one page.
import { readFileSync } from "node:fs";
import { launch, pageOf, play, serve, settled } from "./serve.mjs";

const { ONLY } = process.env;
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const LOCALES = ["en", "ru", "ar", "it", "zh"];
const NARROW = { width: 320, height: 700 };
/** Dialogs: where, and the name of the button. */
const DIALOGS = [
  ["/flows", "New flow"],
  ["/flows", "Search"],
  ["/flows", "Stop all sending"],
  ["/connections", "Add a connection"],
  ["/settings?tab=users", "Invite somebody"],
  ["/settings?tab=tokens", "New token"],
];
const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
const problems = [];
let looks = 0;

function pages(run) {
  const settings = ["me", "users", "roles", "tokens", "workspace"].map((tab) => `/settings?tab=${tab}`);
  const lists =
    "flows flows?new=1 runs attention alarms alarms?tab=policy rules contacts templates connections audit nowhere".split(
      " ",
    );
  const all = [...lists.map((path) => `/${path}`), `/runs/${run.id}`, `/contacts/${run.contact}`, ...settings];
  return ONLY ? all.filter((path) => path.startsWith(ONLY)) : all;
}

/** Notes whatever goes wrong in `page` while it is at `where()`. */
function watch(page, where) {
  page.on("pageerror", (error) => problems.push(`${where()}: ${error.message}`));
  page.on("response", (answer) => {
    if (answer.status() >= 500) problems.push(`${where()}: ${answer.status()} ${answer.url()}`);
  });
}

async function judge(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
    RULES,
  );
  for (const { id, nodes } of violations) problems.push(`${where}: ${id}: ${nodes[0].html.slice(0, 200)}`);
}

async function wide(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (over > 0) problems.push(`${where}: ${over} px wider than the window`);
}

/** Each page in a language: axe where `themes` says so, then its width on a screen and on a phone. */
async function look(browser, at, paths, locale, themes) {
  for (const theme of themes.length > 0 ? themes : ["light"]) {
    const page = await pageOf(browser, at, { locale, theme });
    let where = "";
    watch(page, () => where);
    for (const path of paths) {
      where = `${path} ${locale} ${theme}`;
      looks += 1;
      try {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.goto(at.base + path);
        await settled(page);
        if (themes.length > 0) await judge(page, where);
        if (theme === "light") {
          await wide(page, `${where} 1280`);
          await page.setViewportSize(NARROW);
          await wide(page, `${where} 320`);
        }
      } catch (error) {
        problems.push(`${where}: ${error.message}`);
      }
    }
    await page.context().close();
  }
}

/** What has the focus, in a word; `null` when nothing has. */
const focused = (page) =>
  page.evaluate(() => {
    const active = document.activeElement;
    return active && active !== document.body ? `${active.tagName} ${active.textContent?.slice(0, 30)}` : null;
  });

/** With the keyboard alone: into the page, and through its first places. */
async function keys(browser, at, paths) {
  const page = await pageOf(browser, at, {});
  for (const path of paths) {
    await page.goto(at.base + path);
    await settled(page);
    // Behind the last place the browser's own bar has the focus.
    const places = await page.evaluate(
      () =>
        [...document.querySelectorAll("a[href], button, input, select, textarea, [tabindex]")].filter(
          (one) => one.tabIndex >= 0 && !one.disabled && one.getClientRects().length > 0,
        ).length,
    );
    for (let n = 1; n <= Math.min(8, places); n++) {
      await page.keyboard.press("Tab");
      if ((await focused(page)) === null) {
        problems.push(`${path}: after ${n} times Tab nothing has the focus`);
        break;
      }
    }
  }
  for (const [path, name] of ONLY ? [] : DIALOGS) {
    await page.goto(at.base + path);
    await settled(page);
    const button = page.getByRole("button", { name, exact: true }).first();
    await button.focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").first().waitFor();
    const inside = await page.evaluate(() => document.activeElement?.closest('[role="dialog"]') !== null);
    if (!inside) problems.push(`${path}: "${name}" opens a dialog that does not take the focus`);
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").first().waitFor({ state: "detached" });
    const back = await page
      .waitForFunction(() => document.activeElement !== document.body, null, { timeout: 2000 })
      .then(
        () => true,
        () => false,
      );
    if (!back) problems.push(`${path}: after "${name}" was closed nothing has the focus`);
  }
  await page.context().close();
}

const at = await serve();
const browser = await launch();
try {
  const [run] = await play(at);
  const paths = pages(run);
  await look(browser, { base: at.base }, ONLY ? [] : ["/sign-in", "/setup#token", "/invitation#token"], "en", [
    "light",
    "dark",
  ]);
  for (const locale of LOCALES) {
    await look(browser, at, paths, locale, locale === "en" || locale === "ar" ? ["light", "dark"] : []);
  }
  await keys(browser, at, paths);
} finally {
  await browser.close();
  await at.stop();
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`walk: ${looks} pages looked at, ${problems.length} problems\n`);
process.exit(problems.length > 0 ? 1 : 0);
