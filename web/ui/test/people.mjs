// Agents at work over the fake server, in Chromium: two who race for one customer, a page the server no longer hears, a window that
// closes while somebody writes, a hand-over and back, a day of messages. `npm run people`; LOOK=folder keeps pictures.
import assert from "node:assert/strict";
import { chromium } from "playwright-core";
import { preview } from "vite";

const { CHROMIUM = "/usr/bin/chromium", LOOK } = process.env;
const BASE = "http://localhost:4199";
/** What design budgets allow from the server's notice to the card on the screen, and how often it is measured. */
const CARD_MS = 300;
const OFFERS = 20;
/** The first ones load what the others find. */
const WARM = 2;
/** As in `src/pages/inbox/window.ts`. */
const MOST = 240;

const server = await preview({ configFile: "test/vite.fake.ts", configLoader: "runner", logLevel: "error" });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
});
const wrong = [];

async function open(who, path) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, reducedMotion: "reduce" });
  await context.addInitScript('localStorage.setItem("language", "en"); localStorage.setItem("desk-ready", "1")');
  await context.addCookies([{ name: "who", value: who, url: BASE }]);
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(error.message));
  await page.goto(BASE + path);
  await page.getByRole("button", { name: "Your state" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  return page;
}

/** Has the world do something, as customers and colleagues do. */
async function world(body) {
  const answer = await fetch(`${BASE}/api/v1/fake`, { method: "POST", body: JSON.stringify(body) });
  return answer.json();
}
const picture = async (page, name) => LOOK && page.screenshot({ path: `${LOOK}/people-${name}.png` });
const take = (page) => page.getByRole("button", { name: "Take", exact: true });
const box = (page) => page.getByRole("textbox", { name: /Write a reply/ });

async function cardsAreQuick(page) {
  // In the page itself: what is measured is the notice, the answer and the drawing, not this test's own way.
  await page.evaluate(() => {
    globalThis.seen = {};
    new MutationObserver(() => {
      for (const card of document.querySelectorAll("[data-card]")) globalThis.seen[card.dataset.card] ??= Date.now();
    }).observe(document.body, { childList: true, subtree: true });
  });
  const [took, floor] = [[], []];
  for (let at = -WARM; at < OFFERS; at += 1) {
    floor.push(await page.evaluate(asking));
    const asked = Date.now();
    const { id } = await world({ do: "offer", conversation: "cnv_2" });
    await page.locator(`[data-card="${id}"]`).waitFor();
    took.push((await page.evaluate((one) => globalThis.seen[one], id)) - asked);
    await world({ do: "lose", id });
    await page.locator(`[data-card="${id}"]`).waitFor({ state: "detached" });
  }
  const p95 = (all) => all.slice(WARM).toSorted((one, other) => one - other)[Math.ceil(OFFERS * 0.95) - 1];
  // On a machine that others use, the same question asked with nothing around it says how much of it is theirs.
  assert.ok(p95(took) <= CARD_MS + p95(floor), `from the notice to the card: ${took} ms; asking alone: ${floor} ms`);
  return p95(took);
}

const asking = async () => {
  const began = performance.now();
  await fetch("/api/v1/desk").then((answer) => answer.json());
  return Math.round(performance.now() - began);
};

async function race(anna, layla) {
  const { id } = await world({ do: "offer", conversation: "cnv_3", age: 14_500 });
  await Promise.all([anna, layla].map((page) => page.locator(`[data-card="${id}"]`).waitFor()));
  assert.match(await anna.title(), /^\(1\) /, "the title says that somebody waits");
  await Promise.all([anna.keyboard.press("t"), layla.keyboard.press("t")]);
  const lost = (page, by) => page.getByText(new RegExp(`${by}.* has taken .*王伟`)).waitFor();
  const won = (page) => page.waitForURL(/\/inbox\/cnv_3/);
  const winner = await Promise.race([won(anna).then(() => "anna"), won(layla).then(() => "layla")]);
  if (winner === "anna") await lost(layla, "Anna Ricci");
  else await lost(anna, "ليلى");
  await picture(winner === "anna" ? layla : anna, "lost");
  const both = await Promise.all([anna, layla].map((page) => page.url().includes("cnv_3")));
  assert.equal(both.filter(Boolean).length, 1, "one of them has the conversation, and only one");
}

async function keysGoOn(page) {
  await page.goto(`${BASE}/inbox`);
  const first = await world({ do: "offer", conversation: "cnv_4" });
  const second = await world({ do: "offer", conversation: "cnv_5" });
  await page.locator(`[data-card="${second.id}"]`).waitFor();
  await take(page).first().focus();
  await world({ do: "lose", id: first.id });
  await page.getByText("has taken").first().waitFor();
  await page.mouse.move(5, 5);
  const card = () => page.evaluate(() => document.activeElement?.closest("[data-card]")?.dataset.card);
  await page.waitForFunction((id) => document.activeElement?.closest("[data-card]")?.dataset.card === id, second.id);
  assert.equal(await card(), second.id, "the keys go on with the next who waits");
  await page.keyboard.press("t");
  await page.waitForURL(/\/inbox\/cnv_5/);
}

async function unheard(page) {
  await page.goto(`${BASE}/inbox`);
  await page.getByRole("heading", { name: "Choose a conversation" }).waitFor();
  await page.route("**/desk/me/beat", (route) => route.abort());
  await page.getByText("The server does not hear this page").waitFor({ timeout: 20_000 });
  await page.getByRole("button", { name: "Your state: No connection" }).waitFor();
  await page.unroute("**/desk/me/beat");
  await page.getByText("The server does not hear this page").waitFor({ state: "detached", timeout: 20_000 });
}

async function windowCloses(page) {
  await page.goto(`${BASE}/inbox/cnv_0`);
  await box(page).fill("Half a sentence");
  await world({ do: "close_window", conversation: "cnv_0", after: 5_000 });
  await page.getByText(/[1-5]s. left to reply/).waitFor();
  const choose = page.getByRole("button", { name: "Choose a template", exact: true });
  await choose.filter({ hasText: "Choose a template" }).waitFor();
  assert.equal(await box(page).count(), 0, "nothing can be written to a closed window");
  await page.getByText("What you wrote is kept.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Choose a template");
  await picture(page, "closed");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: /order_reminder.*Italian/ }).click();
  await dialog.getByLabel("order").fill("8841");
  await dialog.getByRole("button", { name: "Send the template" }).click();
  await page.getByText("Ciao Giulia, il tuo ordine 8841 arriva domani").last().waitFor();
  await world({ do: "say", conversation: "cnv_0", text: "Sono qui!" });
  await box(page).waitFor();
  assert.equal(await box(page).inputValue(), "Half a sentence", "what was written is there again");
  await page.getByRole("log").getByText("Sono qui!").waitFor();
  await box(page).press("Enter");
  const mine = page.getByRole("log").getByRole("listitem").filter({ hasText: "Half a sentence" });
  await mine.getByText("Read", { exact: true }).waitFor({ state: "attached" });
}

async function handOver(page) {
  await page.getByRole("button", { name: "Hand back" }).click();
  await page.getByText("A flow talks with this customer.").waitFor();
  await page.getByRole("button", { name: "Silence it" }).click();
  await page.getByText("The flow is silent").waitFor();
  await page.getByLabel("With").selectOption({ label: "Марк Орлов · Busy" });
  await page.getByText(/Passed to/).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.waitForFunction(() => document.querySelector("header select")?.selectedOptions[0]?.text.includes("Anna"));
  await page.getByText("Note", { exact: true }).click();
  await page.getByRole("textbox", { name: /Write to colleagues/ }).fill("look at this @Ма");
  await page.keyboard.press("Tab");
  await page.keyboard.type("please");
  await page.keyboard.press("Enter");
  await page.getByText("look at this @Марк Орлов please").last().waitFor();
  await box(page).fill("/sor");
  await page.keyboard.press("Enter");
  assert.equal(
    await box(page).inputValue(),
    "Mi dispiace. Controllo subito.",
    "a snippet speaks the customer's language",
  );
  await world({ do: "typing", conversation: "cnv_0" });
  await page.getByText("is writing…").waitFor();
}

async function longDay(page) {
  const count = () => page.locator("[data-message]").count();
  const older = page.getByRole("button", { name: "Show older" });
  for (let at = 0; at < 12 && (await older.count()) > 0; at += 1) {
    const before = await page.locator("[data-message]").first().getAttribute("data-message");
    // Near the start older ones are asked for: the button is for keys, and pressing it would race with that.
    await page.getByRole("log").evaluate((log) => log.scrollTo(0, 0));
    await page.waitForFunction((first) => document.querySelector("[data-message]")?.dataset.message !== first, before);
  }
  assert.ok((await count()) <= MOST, `${await count()} messages are in the document`);
  await page.getByRole("button", { name: "To the latest" }).click();
  await page.getByRole("log").getByText("Half a sentence").last().waitFor();
}

try {
  const [anna, layla] = [await open("usr_1", "/runs"), await open("usr_3", "/inbox")];
  const p95 = await cardsAreQuick(anna);
  await race(anna, layla);
  await keysGoOn(anna);
  await unheard(anna);
  await windowCloses(anna);
  await handOver(anna);
  await longDay(anna);
  assert.deepEqual(wrong, [], "errors of pages");
  process.stdout.write(`people: two agents at work; a card is there ${p95} ms after the notice (p95)\n`);
} finally {
  await browser.close();
  await server.close();
}
