// The real server with its sandbox in a folder of its own, and one browser before it: what every test in the browser begins with.
// SWITCHBOARD_BIN names the binary, CHROMIUM the browser, LOOK a folder for pictures; PAGES=dist serves the pages from that folder
// in place of those inside the binary, for who changes pages only.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const { SWITCHBOARD_BIN, CHROMIUM = "/usr/bin/chromium", LOOK, PAGES } = process.env;
const SERVE = ["serve", "--sandbox", "--data", "data", "--flows", "flows", "--listen", "127.0.0.1:0", "--log", "warn"];
const BROWSER = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PASSWORD = "a sentence is easier to remember";

/** Starts the server with these files of `flows/`, and the browser; `close` ends both. */
export async function open(files = ["order-to-ticket.yaml"]) {
  assert.ok(SWITCHBOARD_BIN, "SWITCHBOARD_BIN: the binary to try");
  const folder = mkdtempSync(join(tmpdir(), "switchboard-"));
  mkdirSync(join(folder, "flows"));
  for (const file of files) copyFileSync(join("../../flows", file), join(folder, "flows", file));
  const server = spawn(SWITCHBOARD_BIN, SERVE, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const [link, ready] = [said(server, "stderr", /http:\/\/\S+\/setup#\S+/), said(server, "stdout", /http:\/\/\S+/)];
  const [setup, own] = [await link, await ready];
  const pages = PAGES ? await served(own) : null;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: BROWSER });
  const close = async () => {
    await browser.close();
    await pages?.close();
    server.kill("SIGTERM");
    await new Promise((ended) => (server.exitCode === null ? server.once("exit", ended) : ended()));
    rmSync(folder, { recursive: true, force: true });
  };
  return { base: pages?.base ?? own, token: new URL(setup).hash.slice(1), browser, close };
}

/** The first of the server's words that `pattern` finds. */
function said(server, stream, pattern) {
  return new Promise((found, failed) => {
    createInterface({ input: server[stream] }).on("line", (line) => {
      const match = line.match(pattern);
      if (match) found(match[0]);
    });
    server.once("exit", () => failed(new Error("the server ended")));
  });
}

async function served(api) {
  const { preview } = await import("vite");
  const server = await preview({
    configFile: "vite.config.ts",
    configLoader: "runner",
    logLevel: "error",
    build: { outDir: PAGES },
    preview: { host: "127.0.0.1", port: 0, proxy: { "/api": api, "/hooks": api } },
  });
  const { port } = server.httpServer.address();
  return { base: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** Makes the first admin, Mia, without a page. Gives the cookie's context and what writes need. */
export async function admin(stage, { language = "en", viewport = { width: 1280, height: 800 }, ...more } = {}) {
  const context = await stage.browser.newContext({ viewport, locale: "en", reducedMotion: "reduce", ...more });
  await context.addInitScript(`localStorage.getItem("language") ?? localStorage.setItem("language", "${language}")`);
  const who = { token: stage.token, name: "Mia", email: "mia@example.com", password: PASSWORD };
  const answer = await context.request.post(`${stage.base}/api/v1/setup`, { data: who });
  assert.equal(answer.status(), 200, await answer.text());
  const { csrf } = await answer.json();
  return { context, ask: asking(context, stage.base, csrf) };
}

/** Asks the API as the person of a context; `revision` is sent as `If-Match`. */
export function asking(context, base, csrf) {
  return async (method, path, data, revision) => {
    const headers = { "x-csrf-token": csrf, ...(revision === undefined ? {} : { "if-match": `"${revision}"` }) };
    const answer = await context.request.fetch(`${base}/api/v1${path}`, { method, headers, ...(data ? { data } : {}) });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.status() === 204 ? null : answer.json();
  };
}

/** A page that notes what goes wrong in it: errors of scripts, and answers of the server that say no. */
export async function pageOf(context) {
  const page = await context.newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("response", (answer) => {
    if (answer.status() >= 400) wrong.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  return { page, wrong };
}

/** Keeps a picture of a page, where pictures are wanted. */
export async function picture(page, name) {
  if (!LOOK) return;
  mkdirSync(LOOK, { recursive: true });
  await page.screenshot({ path: join(LOOK, `${name}.png`) });
}
