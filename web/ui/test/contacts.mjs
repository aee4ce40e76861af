// Contacts as a whole in a browser, against the real server: a file is looked at and brought in, two contacts become one and two again,
// a tag gets a meaning and another name, a segment is made, counted and put in force; the same dialogs on a phone in Russian and Arabic.
// `node test/contacts.mjs`; SWITCHBOARD_BIN names the binary, LOOK a folder for pictures.
import assert from "node:assert/strict";
import { narrowFaults, PHONE, wordsOf } from "./narrow.mjs";
import { entered, picture, until } from "./stage.mjs";

const CSV = [
  "Nome;Telefono;Etichette;Consenso marketing;Città;Spesa",
  "Giulia Ricci;333 765 4321;vip;sì;Torino;12,5",
  "Marco Bianchi;+39 333 111 2222;vip, tè;no;Roma;3",
  "Nessuno;non un numero;;;;",
].join("\r\n");
const RULES = `format: 1
rules: shop
name: Shop
list:
  - rule: price
    name: Asks for the price
    on: whatsapp.message_received
    when: text.mentions(event.text, ["price", "how much"])
    then: { add_tags: [vip] }
`;

const { at, open, run } = await entered();

const file = { name: "clienti.csv", mimeType: "text/csv", buffer: Buffer.from(CSV, "latin1") };

async function imports() {
  const page = await open("/contacts");
  await page.getByRole("button", { name: "Import" }).click();
  const dialog = page.getByRole("dialog");
  const chooser = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: "Choose a file" }).click();
  await (await chooser).setFiles(file);
  await dialog.getByLabel("Country of numbers").fill("it");
  await dialog.getByLabel("Country of numbers").blur();
  await dialog.getByText("1 row is not taken").waitFor();
  const count = (name) => dialog.locator("dl > div").filter({ hasText: name }).locator("dd").innerText();
  await dialog.locator("dl > div").filter({ hasText: "New" }).getByText("2", { exact: true }).waitFor();
  assert.equal(await count("Not taken"), "1");
  await picture(page, "import");
  await dialog
    .getByRole("button", { name: /^Import/ })
    .last()
    .click();
  await dialog.getByText("The import is done.").waitFor();
  await picture(page, "imported");
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Marco Bianchi" }).first().click();
  await page.getByText("refused").first().waitFor();
  await picture(page, "contact");
  await page.context().close();
}

async function merges() {
  const page = await open("/contacts");
  await page.getByRole("button", { name: "Duplicates" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("same name, a hint only").waitFor();
  await picture(page, "duplicates");
  await dialog.getByRole("button", { name: "Compare" }).click();
  await dialog.getByRole("button", { name: "Merge" }).waitFor();
  await picture(page, "merge");
  await dialog.getByRole("button", { name: "Merge" }).click();
  await dialog.getByText("No duplicates were found.").waitFor();
  await dialog.getByRole("button", { name: "Take back" }).click();
  await dialog.getByText("same name, a hint only").waitFor();
  await page.context().close();
}

async function dictionary() {
  await at.ask("POST", "/workspace/import", { documents: [{ path: "shop.yaml", text: RULES }], publish: true });
  const page = await open("/rules?tab=tags");
  await page.getByRole("button", { name: "Edit the tag \u2068vip\u2069" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Meaning").fill("Buys a lot");
  await dialog.getByLabel("Colour").selectOption("green");
  await dialog.getByRole("button", { name: "Save" }).click();
  await page.getByText("Buys a lot").waitFor();
  await page.getByRole("button", { name: "Edit the tag \u2068vip\u2069" }).click();
  await dialog.getByText("Rename it").click();
  await dialog.getByRole("combobox", { name: "New name" }).fill("gold");
  // The list of tags that there are closes when the field is left.
  await page.keyboard.press("Tab");
  await dialog.getByRole("button", { name: "See what changes" }).click();
  await dialog.getByText("add_tags: [gold]").waitFor();
  await picture(page, "rename");
  await dialog.getByRole("button", { name: "Rename", exact: true }).click();
  await page.getByRole("link", { name: "gold" }).waitFor();
  await picture(page, "tags");
  await page.context().close();
}

const SEGMENT = `format: 1
segment: gold-customers
name: Gold customers
tags: [gold] # as sales calls them
`;

const takes = (n) => new RegExp(`As it is edited it would take \\W*${n}\\W* contacts`);

/** A segment tells who is in it; a condition is added by its form, counted, and put in force. */
async function segments() {
  await until("the tag is rewritten", async () => (await at.ask("GET", "/tags")).renamings[0].ended_at);
  const gold = (await at.ask("GET", "/contacts?tag=gold")).contacts.length;
  const page = await open("/contacts?tab=segments");
  await page.getByRole("button", { name: "New segment" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Gold customers");
  await dialog.getByLabel("Whose contacts have the tag").selectOption("gold");
  await picture(page, "segment-new");
  await dialog.getByRole("button", { name: "Make the draft" }).click();
  await page.getByText(takes(gold)).waitFor();
  const draft = async () => (await at.ask("GET", "/segments/gold-customers/draft")).text;
  assert.equal(await draft(), 'format: 1\nsegment: gold-customers\nname: "Gold customers"\ntags: ["gold"]\n');
  await page.getByRole("button", { name: "Put in force" }).click();
  await dialog.getByText(takes(gold)).waitFor();
  await dialog.getByRole("button", { name: "Put in force" }).click();
  await page.getByText(new RegExp(`${gold}\\W* contacts are in it`)).waitFor();
  await page.getByRole("link", { name: "Marco Bianchi" }).first().waitFor();

  // What an admin wrote keeps its comments: one field that is changed is one line.
  const { revision } = await at.ask("GET", "/segments/gold-customers/draft");
  await at.ask("PUT", "/segments/gold-customers/draft", { text: SEGMENT }, revision);
  await page.goto(`${at.base}/contacts/segments/gold-customers`);
  await page.getByRole("textbox", { name: "Language" }).fill("xx");
  await page.getByText(takes(0)).waitFor();
  await picture(page, "segment");
  assert.equal(await draft(), `${SEGMENT}language: xx\n`);
  await page.getByRole("link", { name: "Segments" }).click();
  await page.getByRole("link", { name: "Gold customers" }).waitFor();
  await page.getByRole("row", { name: /Gold customers.*gold/ }).waitFor();
  await picture(page, "segments");
  await page.context().close();
}

/** The same dialogs in a language, on a phone. */
async function onAPhone(locale) {
  const t = wordsOf(locale);
  const page = await open("/contacts", { locale, ...PHONE });
  const dialog = page.getByRole("dialog");
  const sound = async (what, scope = '[role="dialog"]') => {
    await page.waitForFunction(() => !document.querySelector('[class*="skeleton"]'));
    await picture(page, `${what}-${locale}-390`);
    assert.deepEqual(await narrowFaults(page, scope), [], `${what} in ${locale}`);
  };
  await page.getByRole("button", { name: t("contacts.import") }).click();
  const chooser = page.waitForEvent("filechooser");
  await dialog.getByRole("button", { name: t("book.choose"), exact: true }).click();
  await (await chooser).setFiles(file);
  await dialog.locator("dl").waitFor();
  await sound("import");
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: t("contacts.duplicates") }).click();
  await dialog
    .getByRole("button", { name: t("book.compare") })
    .first()
    .waitFor();
  await sound("duplicates");
  await dialog
    .getByRole("button", { name: t("book.compare") })
    .first()
    .click();
  await dialog.getByRole("button", { name: t("book.merge"), exact: true }).waitFor();
  await sound("merge");
  await page.keyboard.press("Escape");

  await page.goto(`${at.base}/rules?tab=tags`);
  await page
    .getByRole("button", { name: t("book.edit_tag") })
    .first()
    .waitFor();
  await sound("dictionary", "main");
  await page
    .getByRole("button", { name: t("book.edit_tag") })
    .first()
    .click();
  await dialog.locator("summary").click();
  await sound("tag");

  await page.goto(`${at.base}/contacts?tab=segments`);
  await page.getByRole("link", { name: "Gold customers" }).waitFor();
  await sound("segments", "main");
  await page.goto(`${at.base}/contacts/segments/gold-customers`);
  await page.getByRole("link", { name: "Marco Bianchi" }).first().waitFor();
  await sound("segment", "main");
  await page.context().close();
}

await run(async () => {
  await imports();
  await merges();
  await dictionary();
  await segments();
  for (const locale of ["ru", "ar", "en"]) await onAPhone(locale);
});
process.stdout.write("contacts: a file, a merge, a tag and a segment, on a phone in three languages, too\n");
