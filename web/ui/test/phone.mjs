// What a lead and an admin do now and then, on a phone in three languages: answer an approval of rules and of a segment, say how long
// things are kept, look at staffing and at the teams, and be refused a policy of alarms in their own words.
// `npm run journey`; SWITCHBOARD_BIN names the binary, LOOK a folder for pictures.
import assert from "node:assert/strict";
import { narrowFaults, PHONE, wordsOf } from "./narrow.mjs";
import { entered, PASSWORD, picture } from "./stage.mjs";

const RULES = `format: 1
rules: shop
name: Shop
list:
  - rule: price
    name: Asks for the price
    on: whatsapp.message_received
    when: text.mentions(event.text, ["price", "цена"])
    then: { add_tags: [price-intent] }
`;
const SEGMENT = `format: 1
segment: price-askers
name: Asked for the price
tags: [price-intent]
`;
/** The policy is refused with these words. */
const NO_CALENDAR = {
  en: /there is no calendar `office`/,
  ru: /рабочие часы: календаря .*office.* нет/,
  ar: /لا يوجد تقويم باسم .*office/,
};

/** A policy is refused in here, and what was not made yet is asked for. */
const { at, browser, open, run } = await entered(500);

/** Somebody of this role, as they ask the API. */
async function colleague(name, role) {
  const email = `${name.toLowerCase()}@example.com`;
  const { invitation } = await at.ask("POST", "/users", { name, email, role, publisher: true });
  const { request } = await browser.newContext();
  const data = { token: invitation.split("#")[1], name, password: PASSWORD };
  const { csrf } = await (await request.post(`${at.base}/api/v1/invitation`, { data })).json();
  return async (method, path, given, revision) => {
    const headers = { "x-csrf-token": csrf, ...(revision && { "if-match": `"${revision}"` }) };
    const answer = await request.fetch(`${at.base}/api/v1${path}`, { method, headers, data: given });
    assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
    return answer.json();
  };
}

/** A draft of the document is changed and an approval asked for. */
async function asks(who, path, change, comment) {
  const { text, revision } = await who("GET", `${path}/draft`);
  const saved = await who("PUT", `${path}/draft`, { text: change(text) }, revision);
  await who("POST", `${path}/review`, { action: "ask", revision: saved.revision, comment });
}

async function somethingWaits() {
  const document = (path, text) => ({ path, text });
  const documents = [document("shop.yaml", RULES), document("price-askers.yaml", SEGMENT)];
  await at.ask("POST", "/workspace/import", { documents, publish: true });
  const { revision, changed_by: _by, changed_at: _at, ...settings } = await at.ask("GET", "/settings");
  await at.ask("PUT", "/settings", { ...settings, approval: true }, revision);
  await asks(await colleague("Carla", "crm_admin"), "/rules/shop", (text) => text.replace("цена", "почём"), "Почём?");
  const clio = await colleague("Clio", "crm_admin");
  await asks(clio, "/segments/price-askers", (text) => `${text}language: ru\n`, "Only Russians");
}

/** Waits until nothing loads any more, keeps a picture, and looks for what is wrong in `scope`. */
async function sound(page, what, scope) {
  await page.waitForFunction(() => !document.querySelector('[class*="skeleton"]'));
  await picture(page, `${what}-390`);
  assert.deepEqual(await narrowFaults(page, scope), [], what);
}

/** Both approvals are a press away from the alarms, and open where they are answered. */
async function reviews(page, locale, t) {
  const dialog = page.getByRole("dialog");
  for (const [id, address] of [
    ["shop", /\/rules\/shop/],
    ["price-askers", /\/contacts\/segments\/price-askers/],
  ]) {
    await page.goto(`${at.base}/alarms`);
    const entry = page.locator(`[data-review="${id}"]`);
    await entry.waitFor();
    if (id === "shop") await sound(page, `reviews-${locale}`, "main");
    await entry.getByRole("link", { name: t("reviews.look") }).click();
    await page.waitForURL(address);
    await dialog.getByRole("button", { name: t("editor.review.approve"), exact: true }).waitFor();
    await sound(page, `review-${id}-${locale}`, '[role="dialog"]');
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
    assert.ok(!page.url().includes("review="), page.url());
    // The list of rules is one place of the keyboard's, and its rows are reached by arrows: rules.mjs tries them.
    if (id === "price-askers") await sound(page, `segment-${locale}`, "main");
  }
}

async function retention(page, locale, t) {
  await page.goto(`${at.base}/settings?tab=workspace`);
  await page.getByText(t("retention.title"), { exact: true }).waitFor();
  await sound(page, `retention-${locale}`, "main");
  await page.getByRole("button", { name: t("retention.runs") }).click();
  await page.getByRole("option").nth(1).click();
  await page
    .getByRole("button", { name: t("ui.save"), exact: true })
    .last()
    .click();
  await page.getByRole("dialog").waitFor();
  await sound(page, `retention-confirm-${locale}`, '[role="dialog"]');
  await page.keyboard.press("Escape");
}

async function team(page, locale, t) {
  await page.goto(`${at.base}/team?tab=staffing`);
  await page.getByRole("button", { name: t("team.as_table") }).waitFor();
  await sound(page, `staffing-${locale}`, "main");
  await page.getByRole("button", { name: t("team.as_table") }).click();
  await page.getByRole("table").waitFor();
  await sound(page, `staffing-table-${locale}`, "main");
  await page.goto(`${at.base}/settings?tab=teams`);
  await page.getByRole("button", { name: t("teams.new") }).click();
  await page.getByRole("dialog").waitFor();
  await sound(page, `team-${locale}`, '[role="dialog"]');
}

/** What the server refuses is said in the language of the page. */
async function policy(page, locale, t) {
  await page.goto(`${at.base}/alarms?tab=policy`);
  await page.getByLabel(t("alarm_field.working_hours")).fill("office");
  await page.getByRole("button", { name: t("ui.save"), exact: true }).click();
  const refused = page.getByRole("alert").filter({ hasText: NO_CALENDAR[locale] });
  await refused.waitFor();
  // The button that was pressed stands at the end of a long form, and the words at its beginning.
  const { y } = await refused.boundingBox();
  assert.ok(y >= 0 && y < PHONE.height, `the refusal is out of sight: ${y}`);
  await sound(page, `policy-${locale}`, "main");
}

await run(async () => {
  const mia = await at.ask("GET", "/session");
  const care = { name: "Customer care", members: [{ user: mia.user.id, skills: [], languages: [] }] };
  await at.ask("PUT", "/teams/care", care, "0");
  await somethingWaits();
  for (const locale of ["en", "ru", "ar"]) {
    const page = await open("/alarms", { locale, ...PHONE });
    await page.evaluate(() => localStorage.setItem("desk-ready", "1"));
    const t = wordsOf(locale);
    await reviews(page, locale, t);
    await retention(page, locale, t);
    await team(page, locale, t);
    await policy(page, locale, t);
    await page.context().close();
  }
});
process.stdout.write(
  "phone: approvals, retention, staffing, a team and a refused policy on a phone in three languages\n",
);
