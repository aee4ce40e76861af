// The way of somebody new through the real server and its sandbox, in Chromium: the set-up link, a flow from the library, a step
// changed, tested and published, an order played on the customer's phone, its run seen on the picture; then axe and signing out.
// `npm run journey`; SWITCHBOARD_BIN names the binary, CHROMIUM the browser, LOOK a folder for pictures.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { SWITCHBOARD_BIN, CHROMIUM = "/usr/bin/chromium", LOOK } = process.env;
const PASSWORD = "a sentence is easier to remember";
const axe = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

assert.ok(SWITCHBOARD_BIN, "SWITCHBOARD_BIN: the binary to try");
const folder = mkdtempSync(join(tmpdir(), "journey-"));
mkdirSync(join(folder, "flows"));
copyFileSync("../../flows/order-to-ticket.yaml", join(folder, "flows", "order-to-ticket.yaml"));
const arguments_ = [
  "serve",
  "--sandbox",
  "--data",
  "data",
  "--flows",
  "flows",
  "--listen",
  "127.0.0.1:0",
  "--log",
  "warn",
];
const server = spawn(SWITCHBOARD_BIN, arguments_, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/** The first of the server's words that `pattern` finds. */
const said = (stream, pattern) =>
  new Promise((found, failed) => {
    createInterface({ input: stream }).on("line", (line) => {
      const match = line.match(pattern);
      if (match) found(match[0]);
    });
    server.once("exit", () => failed(new Error("the server ended")));
  });

try {
  const link = said(server.stderr, /http:\/\/\S+\/setup#\S+/);
  const ready = said(server.stdout, /http:\/\/\S+/);
  const [base, setup] = [await ready, await link];
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("response", (answer) => {
    if (answer.status() >= 400) wrong.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  const picture = async (name) => LOOK && page.screenshot({ path: join(LOOK, `journey-${name}.png`) });
  const button = (name, within = page) => within.getByRole("button", { name }).first();

  // Somebody new.
  const { hash } = new URL(setup);
  await page.goto(`${base}/setup${hash}`);
  await page.getByLabel("Your name").fill("Mia");
  await page.getByLabel("E-mail").fill("mia@example.com");
  await page.getByLabel("New password").fill(PASSWORD);
  await button("Make my account").click();
  await page.getByText("WhatsApp order → CRM ticket").waitFor();
  await picture("flows");

  // A flow of the library becomes one's own.
  await button("New flow").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("23 hours without our answer").waitFor();
  const card = dialog.getByRole("button", { name: /23 hours without our answer/ });
  await card.click();
  await dialog.last().getByRole("button", { name: "Make the draft" }).click();
  await page.waitForURL(/\/flows\/[a-z-]+$/);
  await page.getByText("This starts the flow").waitFor();
  await page.getByText(/^Saved/).waitFor();
  await picture("editor");

  // It is published, with its tests.
  await button(/^Publish/).click();
  await dialog.getByText(/tests pass/).waitFor();
  await dialog
    .getByRole("button", { name: /^Publish/ })
    .last()
    .click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Live", { exact: true }).nth(1).waitFor();
  await picture("published");

  // What the API says is what the page shows.
  const flows = await page.evaluate(() => fetch("/api/v1/flows").then((answer) => answer.json()));
  assert.deepEqual(
    flows.flows.map(({ id, state, owner }) => [id, state, owner]),
    [
      ["order-to-ticket", "live", "file"],
      ["window-closing-nudge", "live", "editor"],
    ],
  );

  // An order on the customer's phone starts a run, which is drawn on the version that ran.
  const { csrf } = await page.evaluate(() => fetch("/api/v1/session").then((answer) => answer.json()));
  const played = await page.evaluate(
    ([csrf]) =>
      fetch("/api/v1/play", {
        method: "POST",
        headers: { "content-type": "application/json", "x-csrf-token": csrf },
        body: JSON.stringify({
          what: "order",
          order: { items: [{ sku: "TEA-1", quantity: 2, price: 750, currency: "CNY" }] },
        }),
      }).then((answer) => answer.status),
    [csrf],
  );
  assert.equal(played, 200);
  await page.goto(`${base}/runs`);
  await page
    .getByRole("row")
    .filter({ hasText: /order-to-ticket|WhatsApp order/ })
    .first()
    .getByRole("link")
    .first()
    .click();
  await page.getByText("Add tags").first().waitFor();
  await picture("run");

  // Nothing in the way of anybody, in both directions.
  for (const [language, path] of [
    ["en", "/flows"],
    ["en", "/flows/window-closing-nudge"],
    ["ar", "/runs"],
  ]) {
    await page.evaluate((language) => localStorage.setItem("language", language), language);
    await page.goto(`${base}${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.evaluate(axe);
    const found = await page.evaluate(
      (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
      RULES,
    );
    assert.deepEqual(
      found.violations.map(({ id, nodes }) => `${path}: ${id} ${nodes[0].html}`),
      [],
    );
  }
  assert.deepEqual(wrong, [], "errors of pages and answers that say no");
  process.stdout.write("journey: a flow made, published and seen at work in the browser\n");
} finally {
  await browser.close();
  server.kill("SIGTERM");
  await new Promise((ended) => (server.exitCode === null ? server.once("exit", ended) : ended()));
  rmSync(folder, { recursive: true, force: true });
}
