// Several people at one flow, before the real server: who edits and who waits, a tab that is closed gives its lock back at once, the
// names of all who wrote when it is published and in the versions, an approval asked for, told, given and heard, where things are used, and
// what an import lacks.
import assert from "node:assert/strict";
import { admin, asking, open, pageOf, picture } from "./stage.mjs";

const FLOW = `format: 1
flow: greet
name: Greets
on: [manual]
steps:
  - id: tagged
    do: contact.add_tags
    with: { tags: [greeted] }
  - id: help
    do: human.escalate
    with: { team: care, reason: Help }
`;

const stage = await open([]);

/** Waits until `look` gives something; the server answers at once or something is wrong. */
async function soon(what, look) {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await look();
    if (found) return found;
    await new Promise((later) => setTimeout(later, 100));
  }
  throw new Error(`never: ${what}`);
}

/** Invites somebody and lets them in. */
async function colleague(mia, name, role) {
  const email = `${name.toLowerCase()}@example.com`;
  const invited = await mia.ask("POST", "/users", { name, email, role, publisher: true });
  const context = await stage.browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: "en",
    reducedMotion: "reduce",
  });
  const token = invited.invitation.split("#")[1];
  const data = { token, name, password: "another sentence is as easy" };
  const answer = await context.request.post(`${stage.base}/api/v1/invitation`, { data });
  assert.equal(answer.status(), 200, await answer.text());
  const { csrf } = await answer.json();
  return { context, ask: asking(context, stage.base, csrf) };
}

async function editor(context) {
  const { page, wrong } = await pageOf(context);
  page.setDefaultTimeout(90_000);
  await page.goto(`${stage.base}/flows/greet`);
  await page.locator("[data-stop='steps/1']").waitFor();
  return { page, wrong };
}

/** A tab that is closed gives its lock back at once: nobody waits for it to run out. */
async function aClosedTabLetsGo(mia, ugo) {
  const hers = await editor(mia.context);
  const lock = async () => (await ugo.ask("GET", "/flows/greet/draft")).lock;
  await soon("Mia has the lock", async () => (await lock())?.by.endsWith(" Mia"));
  const his = await editor(ugo.context);
  await his.page.getByText(/Mia/).first().waitFor();
  await picture(his.page, "together-locked");
  await his.page.close();
  const before = Date.now();
  await hers.page.close({ runBeforeUnload: true });
  await soon("the lock is free", async () => (await lock()) === null);
  // A lock that nobody gives back lasts 60 s, and a waiting editor asks every 15.
  assert.ok(Date.now() - before < 10_000, `${Date.now() - before} ms`);
}

/** The dialog and the version name both who wrote; the past week is what the draft is tried on. */
async function bothAreNamed(mia, ugo) {
  const { revision } = await ugo.ask("GET", "/flows/greet/draft");
  await ugo.ask("PUT", "/flows/greet/draft", { text: FLOW.replace("Help }", "Help me }") }, revision);
  const { page, wrong } = await editor(mia.context);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Written by").waitFor();
  assert.match(await dialog.innerText(), /Written by\s*Mia and Ugo/);
  await dialog.getByRole("button", { name: "Try on the last 7 days" }).click();
  await dialog.getByText("The last 7 days").first().waitFor();
  await picture(page, "together-publish");
  await page.setViewportSize({ width: 390, height: 800 });
  await picture(page, "together-publish-390");
  await page.setViewportSize({ width: 1280, height: 800 });
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole("menuitem", { name: "Versions" }).click();
  await page.getByRole("dialog").getByText("Mia and Ugo").waitFor();
  await picture(page, "together-versions");
  assert.deepEqual(wrong, []);
  await page.close();
}

/** What somebody wrote, somebody else approves, and then it may be published. */
async function aSecondPersonApproves(mia, ugo) {
  const { revision: read, changed_by, changed_at, ...settings } = await mia.ask("GET", "/settings");
  await mia.ask("PUT", "/settings", { ...settings, approval: true }, read);
  const { revision } = await ugo.ask("GET", "/flows/greet/draft");
  await ugo.ask("PUT", "/flows/greet/draft", { text: FLOW.replace("greeted", "welcomed") }, revision);

  const his = await editor(ugo.context);
  await his.page.getByRole("button", { name: "Publish", exact: true }).click();
  const asks = his.page.getByRole("dialog");
  await asks.getByText("A second person has to approve it first.").waitFor();
  assert.ok(await asks.getByRole("button", { name: "Publish", exact: true }).isDisabled());
  assert.equal(await asks.getByRole("button", { name: "Approve", exact: true }).count(), 0);
  await asks.getByLabel("Your words, if any").fill("One word only");
  await asks.getByRole("button", { name: "Ask for approval" }).click();
  await asks.getByText("Approval asked for by").waitFor();
  await picture(his.page, "together-asked");

  // She learns of it on any page: a quiet count behind the bell, a mark in the list, and the way to both. The author has the document
  // open meanwhile: who answers takes nothing away.
  const { page, wrong } = await pageOf(mia.context);
  page.setDefaultTimeout(90_000);
  await page.goto(`${stage.base}/flows`);
  await page.getByRole("link", { name: "Waits for your approval" }).waitFor();
  await page.getByText("Waiting for me").click();
  await picture(page, "together-list");
  await page.getByRole("link", { name: "1 draft waits for you" }).click();
  const entry = page.locator("[data-review='greet']");
  await entry.getByText("One word only").waitFor();
  await picture(page, "together-waiting");
  await entry.getByRole("link", { name: "Review", exact: true }).click();
  const answers = page.getByRole("dialog");
  await answers.getByText("One word only").waitFor();
  await picture(page, "together-review");
  await answers.getByRole("button", { name: "Approve", exact: true }).click();
  await answers.getByText("Approved by").waitFor();
  await page.keyboard.press("Escape");
  await answers.waitFor({ state: "detached" });
  assert.ok(!page.url().includes("review="), page.url());
  await page.getByRole("link", { name: "Alarms", exact: true }).first().waitFor();
  assert.deepEqual(
    wrong.filter((one) => !one.includes("/lock")),
    [],
    "but for the lock, which is the author's",
  );
  await page.close();

  // He hears the answer in the same way, and is led back to where he publishes.
  await his.page.keyboard.press("Escape");
  await his.page.getByRole("link", { name: "1 draft waits for you" }).click();
  const answer = his.page.locator("[data-review='greet']");
  await answer.getByText("Approved").waitFor();
  await answer.getByRole("link", { name: "Go there", exact: true }).click();
  await asks.getByText("Approved by").waitFor();
  await asks.getByRole("button", { name: "Publish", exact: true }).click();
  await asks.waitFor({ state: "detached" });
  assert.deepEqual(his.wrong, []);
  await his.page.close();
}

const LACKS = `format: 1
flow: lacks
on: [whatsapp.message_received]
steps:
  - do: crm.create_ticket
    connection: hubspot-two
    with: { subject: Help }
  - do: whatsapp.send_template
    with: { template: never_approved }
  - do: contact.add_tags
    with: { tags: [unheard] }
  - do: human.escalate
    with: { team: nobody, reason: Help }
`;

/** What an import lacks is told though the plan refuses it, and each leads to where it is made. */
async function anImportSaysWhatItLacks(mia) {
  const { page, wrong } = await pageOf(mia.context);
  page.setDefaultTimeout(90_000);
  await page.goto(`${stage.base}/flows?new=1`);
  await page.getByRole("tab", { name: "Import YAML" }).click();
  await page.getByLabel("Or paste the text").fill(LACKS);
  await page.getByRole("button", { name: "What would it do?" }).click();
  const list = page.getByRole("region", { name: "What they need here" });
  const needs = await list.getByRole("listitem").allInnerTexts();
  const flat = needs.map((need) => need.replaceAll(/[\s\u2068\u2069]+/g, " ").trim());
  for (const wanted of [
    "missing Connection: hubspot-two Make it",
    "here A connection for: whatsapp",
    "missing or not approved Template: never_approved Open the accounts",
    "missing Team: nobody Make it",
    "not in the dictionary Tag: unheard Open the dictionary",
  ])
    assert.ok(flat.includes(wanted), `${wanted} in ${JSON.stringify(flat)}`);
  await picture(page, "together-import");
  await page.setViewportSize({ width: 390, height: 800 });
  await picture(page, "together-import-390");
  await page.setViewportSize({ width: 1280, height: 800 });
  const [tab] = await Promise.all([
    mia.context.waitForEvent("page"),
    list.getByRole("listitem").filter({ hasText: "hubspot-two" }).getByRole("link").click(),
  ]);
  await tab
    .getByRole("dialog")
    .getByRole("button", { name: /HubSpot/ })
    .click();
  const named = tab.getByRole("dialog").getByRole("textbox").first();
  assert.equal(await named.inputValue(), "hubspot-two");
  await tab.close();
  assert.deepEqual(
    wrong.map((one) => one.replace(/http:\/\/[^/]+/, "")),
    ["422 POST /api/v1/workspace/plan"],
    "the plan refuses",
  );
  await page.close();
}

/** From a team to the step that names it. */
async function usesLeadToTheStep(mia) {
  const { page, wrong } = await pageOf(mia.context);
  page.setDefaultTimeout(90_000);
  await page.goto(`${stage.base}/settings?tab=teams`);
  await page.getByRole("button", { name: "Where it is used" }).first().click();
  await picture(page, "together-uses");
  await page.getByRole("dialog").getByRole("link").first().click();
  await page.locator("[data-stop='steps/1']").waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-stop") === "steps/1");
  await picture(page, "together-step");
  assert.deepEqual(wrong, []);
  await page.close();
}

try {
  const mia = await admin(stage);
  await mia.ask("PUT", "/teams/care", { name: "Care" }, "0");
  await mia.ask("POST", "/flows", { text: FLOW });
  const ugo = await colleague(mia, "Ugo", "ops");
  await aClosedTabLetsGo(mia, ugo);
  await bothAreNamed(mia, ugo);
  await aSecondPersonApproves(mia, ugo);
  await usesLeadToTheStep(mia);
  await anImportSaysWhatItLacks(mia);
} finally {
  await stage.close();
}
