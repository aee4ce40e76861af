// The real server with its sandbox and a browser, for journeys: started in a folder of its own, and taken down whatever happened.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import { launch, pageOf, play, serve } from "./serve.mjs";

const { SWITCHBOARD_BIN, CHROMIUM = "/usr/bin/chromium", LOOK } = process.env;
const AXE = readFileSync("node_modules/axe-core/axe.min.js", "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const BROWSER = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"];
export const PASSWORD = "a sentence is easier to remember";

/** Runs `journey` with `{ base, setup, context }`: where the server is, its set-up link, and how to open a browser of one's own. */
export async function staged(journey) {
  assert.ok(SWITCHBOARD_BIN, "SWITCHBOARD_BIN: the binary to try");
  if (LOOK) mkdirSync(LOOK, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), "journey-"));
  const how = ["serve", "--sandbox", "--data", "data", "--listen", "127.0.0.1:0", "--log", "warn"];
  const server = spawn(SWITCHBOARD_BIN, how, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: BROWSER });
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
    const context = (options = {}) =>
      browser.newContext({ viewport: { width: 1280, height: 800 }, locale: "en", reducedMotion: "reduce", ...options });
    await journey({ base, setup, context });
  } catch (error) {
    await pictures(browser);
    throw error;
  } finally {
    await browser.close();
    server.kill("SIGTERM");
    await new Promise((ended) => (server.exitCode === null ? server.once("exit", ended) : ended()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The real server with an admin and customers in it: `at`, a browser, `open` for a page of the admin's, `picture`. `run` runs the journey
 * and takes all down, whatever happened; it fails when a page went wrong, or was answered with `bad` or more.
 */
export async function entered(bad = 400) {
  if (LOOK) mkdirSync(LOOK, { recursive: true });
  const at = await serve();
  const browser = await launch();
  const wrong = [];
  const open = async (path, options = {}) => {
    const page = await pageOf(browser, at, options);
    page.on("pageerror", (error) => wrong.push(error.message));
    page.on("response", (answer) => {
      if (answer.status() >= bad) wrong.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
    });
    await page.goto(at.base + path);
    return page;
  };
  const run = async (journey) => {
    try {
      await play(at);
      await journey();
      assert.deepEqual(wrong, [], "what went wrong on pages");
    } catch (error) {
      await pictures(browser);
      throw error;
    } finally {
      await browser.close();
      await at.stop();
    }
  };
  return { at, browser, open, run };
}

/** Keeps what is to be seen when something failed. */
async function pictures(browser) {
  const pages = browser.contexts().flatMap((one) => one.pages());
  for (const [index, page] of pages.entries()) await picture(page, `failed-${index}`);
}

/** Asks the API as whoever is signed in on `page`. */
export function ask(page, method, path, body, revision) {
  return page.evaluate(
    async ([method, path, body, revision]) => {
      const { csrf } = await fetch("/api/v1/session").then((answer) => answer.json());
      const headers = { "content-type": "application/json", "x-csrf-token": csrf };
      if (revision !== undefined && revision !== null) headers["if-match"] = `"${revision}"`;
      const answer = await fetch(`/api/v1${path}`, { method, headers, body: body ? JSON.stringify(body) : undefined });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
      return text === "" ? null : JSON.parse(text);
    },
    [method, path, body, revision],
  );
}

/** Waits until `look` gives something, asking again and again. */
export async function until(what, look) {
  for (let tries = 0; tries < 300; tries += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 100));
  }
  throw new Error(`never: ${what}`);
}

/** What axe finds wrong on `page`, and what is wider than the window. */
export async function faults(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(
    (values) => globalThis.axe.run(document, { runOnly: { type: "tag", values } }),
    TAGS,
  );
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  const all = found.violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
  return wide > 0 ? [...all, `${wide} px wider than the window`] : all;
}

/** Keeps a picture where pictures are wanted. */
export const picture = (page, name) => LOOK && page.screenshot({ path: join(LOOK, `${name}.png`) });

/** Mia makes her account by the link of the first start. Gives her page, at the flows, and what goes wrong on it from now on. */
export async function firstAdmin(base, setup, context) {
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("response", (answer) => {
    if (answer.status() >= 500) wrong.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  await page.goto(`${base}/setup${new URL(setup).hash}`);
  await page.getByLabel("Your name").fill("Mia");
  await page.getByLabel("E-mail").fill("mia@example.com");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Make my account" }).click();
  await page.waitForURL(/\/flows/);
  return { page, wrong };
}
