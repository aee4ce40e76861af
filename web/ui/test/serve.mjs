// The real server with its sandbox in a folder of its own, an admin in it, and a browser: for the tests that look at pages.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { SWITCHBOARD_BIN, CHROMIUM = "/usr/bin/chromium" } = process.env;
const FLOWS = ["order-to-ticket", "no-reply-reminder", "crm-stage-to-message", "price-autoreply"];
const QUIET = ["gpu", "quic", "background-networking", "component-update", "sync"].map((what) => `--disable-${what}`);

export const launch = () =>
  chromium.launch({ executablePath: CHROMIUM, args: ["--headless", "--no-sandbox", "--no-first-run", ...QUIET] });

/** The first of the server's words that `pattern` finds. */
function said(server, stream, pattern) {
  return new Promise((found, failed) => {
    createInterface({ input: stream }).on("line", (line) => {
      const match = line.match(pattern);
      if (match) found(match[0]);
    });
    server.once("exit", () => failed(new Error("the server ended")));
  });
}

/** A server that is ready: where it is, an admin's cookies as a browser keeps them, and a way to ask and to end it. */
export async function serve() {
  assert.ok(SWITCHBOARD_BIN, "SWITCHBOARD_BIN: the binary to try");
  const folder = mkdtempSync(join(tmpdir(), "pages-"));
  mkdirSync(join(folder, "flows"));
  for (const name of FLOWS) copyFileSync(`../../flows/${name}.yaml`, join(folder, "flows", `${name}.yaml`));
  const words = "serve --sandbox --data data --flows flows --listen 127.0.0.1:0 --log warn".split(" ");
  const server = spawn(SWITCHBOARD_BIN, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const link = said(server, server.stderr, /http:\/\/\S+\/setup#\S+/);
  const [base, setup] = [await said(server, server.stdout, /http:\/\/\S+/), await link];
  const admin = await enter(base, new URL(setup).hash.slice(1));
  const stop = async () => {
    server.kill("SIGTERM");
    await new Promise((ended) => (server.exitCode === null ? server.once("exit", ended) : ended()));
    rmSync(folder, { recursive: true, force: true });
  };
  return { base, stop, ...admin };
}

/** Makes the first admin and signs in. */
async function enter(base, token) {
  const body = { token, name: "Mia Rossi", email: "mia@example.com", password: "a sentence is easier to remember" };
  const headers = { "content-type": "application/json" };
  const made = await fetch(`${base}/api/v1/setup`, { method: "POST", headers, body: JSON.stringify(body) });
  assert.equal(made.status, 200);
  const { csrf } = await made.json();
  const value = made.headers.get("set-cookie").match(/session=([^;]+)/)[1];
  const cookies = [{ name: "session", value, url: base }];
  const ask = async (method, path, given, revision) => {
    const answer = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: {
        ...headers,
        cookie: `session=${value}`,
        "x-csrf-token": csrf,
        ...(revision && { "if-match": `"${revision}"` }),
      },
      ...(given && { body: JSON.stringify(given) }),
    });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status}`);
    return answer.json();
  };
  return { cookies, ask };
}

/** Customers who order and write, so that pages have something to show. */
export async function play({ ask }) {
  const order = (total, name, from) =>
    ask("POST", "/play", {
      what: "order",
      name,
      from,
      order: { items: [{ sku: "TEA-1", quantity: 1, price: total, currency: "CNY" }] },
    });
  await order(2500, "Li Wei", "+8613800138000");
  await order(90, "Giulia Ricci", "+393331234567");
  await ask("POST", "/play", { what: "message", name: "Карим", from: "+79161234567", text: "Какая цена?" });
  await ask("POST", "/play", { what: "message", name: "فاطمة", from: "+971501234567", text: "كم السعر؟" });
  for (let tries = 0; tries < 200; tries++) {
    const { runs } = await ask("GET", "/runs");
    if (runs.length >= 3 && runs.every(({ status }) => status !== "working")) return runs;
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error("the runs do not come to rest");
}

/** A page of the admin's browser in a language and a theme. */
export async function pageOf(browser, { cookies }, { locale = "en", theme = "light", width = 1280, height = 800 }) {
  const viewport = { width, height };
  const context = await browser.newContext({ viewport, reducedMotion: "reduce", timezoneId: "Europe/Rome" });
  if (cookies) await context.addCookies(cookies);
  await context.addInitScript(
    `localStorage.setItem("language", "${locale}"); localStorage.setItem("theme", "${theme}")`,
  );
  return context.newPage();
}

/** Waits until a page shows what it has to show. */
export async function settled(page) {
  await page.locator("h1, h2").first().waitFor();
  await page.waitForFunction(() => !document.querySelector('[class*="skeleton"]'));
}

/** All pages but the flow editor, by their address. */
export function places(run) {
  const settings = ["me", "users", "roles", "tokens", "workspace"].map((tab) => `/settings?tab=${tab}`);
  const lists =
    "flows flows?new=1 runs attention alarms alarms?tab=policy rules contacts contacts?tab=segments templates connections audit nowhere".split(
      " ",
    );
  return [...lists.map((path) => `/${path}`), `/runs/${run.id}`, `/contacts/${run.contact}`, ...settings];
}
