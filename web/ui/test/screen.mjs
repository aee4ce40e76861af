// A browser that `make bench` drives: how soon somebody who is offered to an agent is on the screen, and what a day of notices leaves in
// memory. Two ways: `inbox BASE LINK TOKEN` opens the real inbox of a server that was just set up; `floor` opens a bare page that a bare
// server of this process tells of the same. What it saw is asked for at the address it says; it ends with its input.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { chromium } from "playwright-core";
import { PASSWORD } from "./stage.mjs";

const { CHROMIUM = "/usr/bin/chromium" } = process.env;
const [how, base, link, token] = process.argv.slice(2);
const QUIET = ["gpu", "quic", "background-networking", "component-update", "sync"].map((what) => `--disable-${what}`);
const FLOOR = `<!doctype html><title>floor</title><ul></ul><script>
  const list = document.querySelector("ul");
  const card = (id) => Object.assign(document.createElement("li"), { textContent: id });
  new EventSource("/events").addEventListener("escalation", async () => {
    const { waiting } = await (await fetch("/desk")).json();
    list.replaceChildren(...waiting.map((id) => { const one = card(id); one.dataset.card = id; return one; }));
  });
</script>`;

/** Milliseconds from our receipt to the paint, of everybody who was seen. */
const took = [];
/** Of the bare server: when each came, and who listens. */
const came = new Map();
const listeners = new Set();

/** In the page: tells of every card once it was painted. */
function watch() {
  const seen = new Set();
  const look = () => {
    for (const { dataset } of document.querySelectorAll("[data-card]")) {
      if (seen.has(dataset.card)) continue;
      seen.add(dataset.card);
      // A message that is sent in a frame is handled after that frame is painted.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => globalThis.painted(dataset.card, Date.now());
        port2.postMessage(0);
      });
    }
  };
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
}

const bearer = { authorization: `Bearer ${token}`, "content-type": "application/json" };

/** It was painted: somebody else takes it, so that the next one finds as few as this one did. */
async function painted(id, at) {
  if (how === "floor") {
    took.push(at - came.get(id));
    return void came.delete(id);
  }
  const shown = await fetch(`${base}/api/v1/escalations/${id}`, { headers: bearer }).then((answer) => answer.json());
  took.push(at - Date.parse(shown.received_at));
  const body = JSON.stringify({ agent: "bench" });
  await fetch(`${base}/api/v1/escalations/${id}/take`, { method: "POST", headers: bearer, body });
}

/** Makes the first admin, who is the one agent of the team; gives the cookie. */
async function enter() {
  const headers = { "content-type": "application/json" };
  const ask = async (method, path, given, more = {}) => {
    const body = JSON.stringify(given);
    const answer = await fetch(`${base}/api/v1${path}`, { method, headers: { ...headers, ...more }, body });
    assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${answer.ok ? "" : await answer.text()}`);
    return [await answer.json(), answer.headers.get("set-cookie")];
  };
  const person = { token: link.split("#")[1], name: "Mia", email: "mia@example.com", password: PASSWORD };
  const [{ user, csrf }, cookie] = await ask("POST", "/setup", person);
  const value = cookie.match(/session=([^;]+)/)[1];
  Object.assign(headers, { cookie: `session=${value}`, "x-csrf-token": csrf });
  const hour = 3_600_000;
  const times = { first_ms: hour / 2, second_ms: 1_000, accept_within_ms: hour, load_limit: 1_000 };
  const team = { name: "Care", members: [{ user: user.id, skills: [], languages: [] }], ...times };
  await ask("PUT", "/teams/care", team, { "if-match": '"0"' });
  return { name: "session", value, url: base };
}

async function openInbox(context, page) {
  await context.addCookies([await enter()]);
  await context.addInitScript('localStorage.setItem("language", "en"); localStorage.setItem("desk-ready", "1")');
  await page.goto(`${base}/inbox`);
  await page.getByRole("button", { name: /Your state/ }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  for (;;) {
    const { agents } = await fetch(`${base}/api/v1/desk`, { headers: bearer }).then((answer) => answer.json());
    if (agents[0]?.online && agents[0].state === "available") return;
    await new Promise((later) => setTimeout(later, 100));
  }
}

/** Opens the conversation in which something was said last, as an agent has one open all day. */
async function openTalk(page) {
  const answer = await fetch(`${base}/api/v1/conversations?box=all`, { headers: bearer }).then((one) => one.json());
  await page.goto(`${base}/inbox/${answer.conversations[0].id}`);
  await page.getByRole("log").getByRole("listitem").first().waitFor();
}

/** What is left of the page's heap once everything that can go is gone, in bytes. */
async function heap(context, page) {
  const devtools = await context.newCDPSession(page);
  await devtools.send("HeapProfiler.enable");
  await devtools.send("HeapProfiler.collectGarbage");
  const { usedSize } = await devtools.send("Runtime.getHeapUsage");
  await devtools.detach();
  return usedSize;
}

const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--headless", "--no-sandbox", "--no-first-run", ...QUIET],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
const page = await context.newPage();

const answers = {
  "GET /seen": () => ({ took }),
  "POST /talk": async () => ({ opened: await openTalk(page).then(() => true) }),
  "POST /heap": async () => ({ bytes: await heap(context, page) }),
  "GET /desk": () => ({ waiting: [...came.keys()] }),
};
const server = createServer(async (request, response) => {
  const what = `${request.method} ${request.url}`;
  if (what === "GET /events") {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(":\n\n");
    return void listeners.add(response);
  }
  if (what.startsWith("POST /complaint/")) {
    came.set(request.url.slice("/complaint/".length), Date.now());
    for (const listener of listeners) listener.write("event: escalation\ndata: {}\n\n");
    return void response.end();
  }
  if (!answers[what]) return void response.writeHead(200, { "content-type": "text/html" }).end(FLOOR);
  try {
    response.end(JSON.stringify(await answers[what]()));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
const own = `http://127.0.0.1:${server.address().port}`;

process.stdin.resume().on("end", () => process.exit(0));
await page.exposeFunction("painted", painted);
await page.addInitScript(watch);
if (how === "floor") {
  await page.goto(own);
  while (listeners.size === 0) await new Promise((later) => setTimeout(later, 20));
} else {
  await openInbox(context, page);
}
process.stdout.write(`screen on ${own}\n`);
