// Opens every page of the built app over the fake server in Chromium, in each direction and theme, and asks axe about it.
// `npm run pages`; `LOOK=folder` also keeps pictures, `ONLY=runs` looks at one page.
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";
import { preview } from "vite";

const PAGES = {
  "sign-in": "/sign-in",
  setup: "/setup#token",
  invitation: "/invitation#token",
  inbox: "/inbox",
  chat: "/inbox/cnv_0",
  "chat-closed-window": "/inbox/cnv_1?box=all",
  "chat-unassigned": "/inbox/cnv_2?box=unassigned",
  "inbox-none": "/inbox?box=all&text=nobody-like-this",
  team: "/team",
  "team-misses": "/team?tab=misses&miss=esc_1",
  "team-figures": "/team?tab=figures",
  "team-staffing": "/team?tab=staffing",
  teams: "/settings?tab=teams",
  snippets: "/settings?tab=snippets",
  flows: "/flows",
  "flows-new": "/flows?new=1",
  flow: "/flows/order-to-ticket",
  runs: "/runs",
  "runs-none": "/runs?text=nothing-like-this",
  run: "/runs/run_00099996",
  attention: "/attention",
  rules: "/rules",
  "rules-edit": "/rules/auto-tags",
  contacts: "/contacts",
  contact: "/contacts/con_0",
  templates: "/templates",
  connections: "/connections",
  audit: "/audit",
  me: "/settings",
  users: "/settings?tab=users",
  roles: "/settings?tab=roles",
  tokens: "/settings?tab=tokens",
  workspace: "/settings?tab=workspace",
  lost: "/nowhere",
};
/** What is pressed, by its name in English, before a page is looked at. */
const DIALOGS = {
  "stop-dialog": ["/flows", "Stop all sending"],
  phone: ["/runs", "The customer’s phone"],
  search: ["/runs", "Search"],
  decide: ["/attention", "Decide"],
  "retry-dialog": ["/runs/run_00099996", "Retry from the failed step"],
  wizard: ["/connections", "Add a connection"],
  templates: ["/inbox/cnv_1?box=all", "Choose a template"],
  "team-dialog": ["/settings?tab=teams", "Change \u2068Customer care\u2069"],
  "agent-dialog": ["/settings?tab=teams", "Change \u2068Марк Орлов\u2069"],
  "snippet-dialog": ["/settings?tab=snippets", "New snippet"],
  invite: ["/settings?tab=users", "Invite somebody"],
  "token-dialog": ["/settings?tab=tokens", "New token"],
};
const SIZES = { wide: { width: 1280, height: 800 }, narrow: { width: 390, height: 844 } };
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
const { LOOK, ONLY, LOCALES = "en,ru,ar", THEMES = "light,dark", WIDTHS = "wide,narrow" } = process.env;
if (LOOK) await mkdir(LOOK, { recursive: true });

const server = await preview({ configFile: "test/vite.fake.ts", logLevel: "error" });
const base = "http://localhost:4199";
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
  ],
});
const problems = [];

async function open(locale, theme, size) {
  const context = await browser.newContext({
    viewport: SIZES[size],
    reducedMotion: "reduce",
    timezoneId: "Europe/Rome",
  });
  await context.addInitScript(
    `localStorage.setItem("language", "${locale}"); localStorage.setItem("theme", "${theme}")`,
  );
  return context.newPage();
}

/** Goes to `path`, presses `press` if there is one, and notes what axe finds and what is wider than the window. */
async function look(page, where, path, press) {
  await page.goto(base + path);
  await page.locator("h1, h2").first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[class*="skeleton"]'));
  if (press) await page.getByRole("button", { name: press, exact: true }).first().click();
  if (press) await page.locator('[role="dialog"]:visible, aside:visible').first().waitFor();
  await page.waitForTimeout(150);
  if (LOOK) await page.screenshot({ path: `${LOOK}/${where.replaceAll(" ", "-")}.png` });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  if (overflow > 0) problems.push(`${where}: ${overflow} px wider than the window`);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(
    (values) => axe.run(document, { runOnly: { type: "tag", values } }),
    RULES,
  );
  for (const { id, help, nodes } of violations) {
    problems.push(
      `${where}: ${id}: ${help}\n    ${nodes
        .slice(0, 3)
        .map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`)
        .join("\n    ")}`,
    );
  }
}

let count = 0;
try {
  for (const locale of LOCALES.split(",")) {
    for (const theme of THEMES.split(",")) {
      for (const size of WIDTHS.split(",")) {
        const page = await open(locale, theme, size);
        let where = "";
        page.on("pageerror", (error) => problems.push(`${where}: ${error.message}`));
        page.on("console", (line) => line.type() === "error" && problems.push(`${where}: ${line.text()}`));
        const dialogs =
          locale === "en" ? Object.entries(DIALOGS).map(([name, [path, press]]) => [name, path, press]) : [];
        for (const [name, path, press] of [...Object.entries(PAGES), ...dialogs]) {
          if (ONLY && !ONLY.split(",").includes(name)) continue;
          where = `${name} ${locale} ${theme} ${size}`;
          await look(page, where, path, press).catch((error) => problems.push(`${where}: ${error.message}`));
          count += 1;
        }
        await page.context().close();
      }
    }
  }
} finally {
  await browser.close();
  await server.close();
}
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${count} looks, ${problems.length} problems\n`);
process.exit(problems.length > 0 ? 1 : 0);
