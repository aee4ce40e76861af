// A CRM admin changes a tag rule, sees whom it gains and loses on past messages and why, puts it in force and undoes it on the same
// screen; orders rules by keys alone; makes a test of what looks wrong and a keyword of what nobody understood.
// `npm run journey`; SWITCHBOARD_BIN names the binary, LOOK a folder for pictures.
import assert from "node:assert/strict";
import { narrowFaults, PHONE, wordsOf } from "./narrow.mjs";
import { ask, faults, PASSWORD, picture, staged, until } from "./stage.mjs";

const RULES = `format: 1
rules: shop
name: Shop
# Who wants what, for the sales team.
list:
  - rule: price-intent
    name: Asks for the price
    on: whatsapp.message_received
    # Words as customers use them.
    when: text.mentions(event.text, ["price", "how much"])
    then: { add_tags: [price-intent] } # sales looks at it each morning
  - rule: thanks
    name: Says thank you
    on: whatsapp.message_received
    when: text.mentions(event.text, ["thanks", "thank you"])
    then: { add_tags: [happy] }
  - rule: returns
    name: Wants to give something back
    on: whatsapp.message_received
    when: text.mentions(event.text, ["return", "refund"])
    then: { add_tags: [return], priority: high }
`;
const SAID = [
  ...Array.from({ length: 40 }, () => "How much is the delivery?"),
  ...Array.from({ length: 15 }, () => "Do you give a discount?"),
  ...Array.from({ length: 5 }, () => "What is the PRICE of the tea"),
  ...Array.from({ length: 4 }, () => "Where is my parcel?"),
];
const WORDS = "words, with commas";

await staged(async ({ base, setup, context }) => {
  const admin = await (await context()).newPage();
  await admin.goto(`${base}/setup${new URL(setup).hash}`);
  await admin.getByLabel("Your name").fill("Mia");
  await admin.getByLabel("E-mail").fill("mia@example.com");
  await admin.getByLabel("New password").fill(PASSWORD);
  await admin.getByRole("button", { name: "Make my account" }).click();
  await admin.waitForURL(/\/flows/);
  const made = await ask(admin, "POST", "/rules", { text: RULES });
  await ask(admin, "POST", "/rules/shop/publish", { revision: made.draft.revision, comment: "the first" });
  await play(admin, 0, SAID);
  const hits = async () => (await ask(admin, "GET", "/rules")).rules[0].list[0].hits.held.at(-1);
  await until("all messages were judged", async () => (await hits()) === 45);
  const user = { name: "Carla", email: "carla@example.com", role: "crm_admin", publisher: true, language: "en" };
  const { invitation } = await ask(admin, "POST", "/users", user);

  const page = await (await context()).newPage();
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("response", (answer) => {
    if (answer.status() >= 400) wrong.push(`${answer.status()} ${answer.request().method()} ${answer.url()}`);
  });
  await page.goto(`${base}${invitation}`);
  await page.getByLabel("Your name").fill("Carla");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Join" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/invitation"));

  await changes(page, base, admin);
  await orders(page);
  await watches(page);
  await testOfWhatIsWrong(page);
  await keyword(page, base);
  await drags(page);
  await accuracy(page, base);
  for (const locale of ["en", "ru", "ar"]) await accuracyOnAPhone(page, base, locale);
  await looks(page, base);
  assert.deepEqual(wrong, [], "errors of pages and answers that say no");
  process.stdout.write(
    "rules: changed, tried, put in force, undone, ordered, tested and taught a word in the browser\n",
  );
});

/** Customers write, each one message. */
async function play(page, first, texts) {
  for (const [index, text] of texts.entries()) {
    const n = String(first + index).padStart(4, "0");
    await ask(page, "POST", "/play", { what: "message", from: `+39333000${n}`, name: `Customer ${n}`, text });
  }
}

async function draft(page) {
  return (await ask(page, "GET", "/rules/shop/draft")).text;
}

function row(page, name) {
  return page.getByRole("row", { name });
}

/** The sentence of the task: "-40 contacts, +15", three opened and understood, in force, undone on the same screen. */
async function changes(page, base, admin) {
  await page.goto(`${base}/rules`);
  await page.getByText("Asks for the price").waitFor();
  await page.getByText("held 45 times in 7 days").waitFor({ state: "attached" });
  await picture(page, "rules-files-en-light-wide");
  await page.getByRole("link", { name: "Asks for the price" }).click();
  await page.getByLabel(WORDS).fill("price, discount");
  const tab = page.getByRole("tab", { name: /Try on past messages/ });
  await tab.getByText("−40").waitFor();
  await tab.getByText("+15").waitFor();
  await tab.click();
  const panel = page.getByRole("tabpanel");
  await panel.getByText("40 contacts lost").waitFor();
  await panel.getByText("15 contacts gained").waitFor();
  const lost = panel.getByRole("button", { name: /How much is the delivery/ });
  await lost.nth(0).click();
  await lost.nth(1).click();
  await panel
    .getByRole("button", { name: /Do you give a discount/ })
    .nth(0)
    .click();
  const reasons = panel.getByText("this is not so");
  assert.equal(await reasons.count(), 3);
  await panel.getByText("With the draft: this is not so").first().waitFor();
  await panel.getByText("As it is in force now: this is not so").waitFor();
  await panel
    .getByText(/the message.* mentions .*price, discount/)
    .first()
    .waitFor();
  await picture(page, "rules-try");

  await page.getByRole("button", { name: "Put in force" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("−40").waitFor();
  await dialog.getByText(/mentions .*price, discount/).waitFor();
  await dialog.getByLabel("What is new, for your colleagues").fill("discounts are price questions too");
  await picture(page, "rules-publish");
  await dialog.getByRole("button", { name: "Put in force" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("discounts are price questions too").waitFor();
  const text = await draft(page);
  assert.equal(text, RULES.replace('"how much"', '"discount"'), "one word changed and every comment stayed");

  await play(admin, 900, ["any discount?", "a discount please"]);
  const tagged = async () => (await ask(admin, "GET", "/contacts?tag=price-intent")).contacts.length;
  await until("the new rule gave its tag", async () => (await tagged()) === 47);
  await page.getByRole("button", { name: "Undo", exact: true }).last().click();
  await dialog.getByText("2 contacts lose them again").waitFor();
  await dialog.getByText("The rules and the tags they gave since").click();
  await picture(page, "rules-undo");
  await dialog.getByRole("button", { name: "Undo it" }).click();
  await page.getByText("2 of 2 changed").waitFor();
  assert.equal(await tagged(), 45, "the two that the new rule tagged lost their tag, the others kept it");
  assert.equal(await draft(page), RULES, "the rule is as it was");
  await page.getByRole("tab", { name: "Rule", exact: true }).click();
  assert.equal(await page.getByLabel(WORDS).inputValue(), "price, how much");
}

/** Without a mouse: Alt and an arrow move the rule that has the focus, and it is said where it is. */
async function orders(page) {
  await row(page, "Asks for the price").focus();
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByText("is now rule 2 of 3").waitFor({ state: "attached" });
  await page.keyboard.press("Alt+ArrowDown");
  await page.getByText("is now rule 3 of 3").waitFor({ state: "attached" });
  await until(
    "the order is saved",
    async () => (await draft(page)).indexOf("price-intent") > (await draft(page)).indexOf("returns"),
  );
  assert.ok((await draft(page)).includes("    # Words as customers use them.\n"), "its comments went with it");
  await page.keyboard.press("Alt+ArrowUp");
  await page.keyboard.press("Alt+ArrowUp");
  await until("it is where it was", async () => (await draft(page)) === RULES);
}

/** And with the mouse. */
async function drags(page) {
  const last = row(page, "Wants to give something back");
  const { height } = await last.boundingBox();
  await row(page, "Asks for the price")
    .getByText("Asks for the price")
    .dragTo(last, { targetPosition: { x: 100, y: height - 4 } });
  await page.getByText("is now rule 3 of 3").waitFor({ state: "attached" });
}

async function watches(page) {
  const watch = page.getByRole("switch", { name: /Says thank you.*only watches/ });
  await watch.focus();
  await page.keyboard.press("Space");
  await until("it is in the text", async () =>
    (await draft(page)).includes("    then: { add_tags: [happy] }\n    watch: true\n"),
  );
  await page.keyboard.press("Space");
  await until("it is not", async () => (await draft(page)) === RULES);
}

async function testOfWhatIsWrong(page) {
  await row(page, "Asks for the price").click();
  await page.getByLabel(WORDS).fill("price");
  await page.getByRole("tab", { name: /Try on past messages/ }).click();
  const panel = page.getByRole("tabpanel");
  await panel.getByText("40 contacts lost").waitFor();
  await panel
    .getByRole("button", { name: /How much is the delivery/ })
    .first()
    .click();
  await panel.getByRole("button", { name: "This looks wrong" }).click();
  await until("a test is in the text", async () => (await draft(page)).includes("held: [price-intent]"));
  await page.getByRole("button", { name: "Put in force" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("the rule price-intent did not hold").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("tab", { name: "Rule", exact: true }).click();
  await page.getByLabel(WORDS).fill("price, how much");
  await page.getByRole("button", { name: "Put in force" }).click();
  await dialog.getByText("1 of 1 tests pass").waitFor();
  await dialog.getByRole("button", { name: "Put in force" }).click();
  await dialog.waitFor({ state: "detached" });
}

async function keyword(page, base) {
  await page.goto(`${base}/rules?tab=not-understood`);
  await page.getByText("Where is my parcel?").waitFor();
  await picture(page, "rules-not-understood");
  await page
    .getByRole("row", { name: /Where is my parcel/ })
    .getByRole("button", { name: "Make a keyword" })
    .click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Word or phrase").fill("parcel");
  await dialog.getByRole("button", { name: /For which rule/ }).click();
  await page.getByRole("option", { name: /Wants to give something back/ }).click();
  await dialog.getByRole("button", { name: "Put it into the rule" }).click();
  await until("the word is in the rule", async () => (await draft(page)).includes('["return", "refund", "parcel"]'));
  await page
    .getByRole("tab", { name: /Try on past messages/ })
    .getByText("+4")
    .waitFor();

  // Once it is in force, those who asked before get the tag, too.
  await page.getByRole("button", { name: "Put in force" }).click();
  await dialog.getByRole("button", { name: "Put in force" }).click();
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: /More for .*Wants to give something back/ }).click();
  await page.getByRole("menuitem", { name: "Apply to contacts already there" }).click();
  await dialog.getByText("4 contacts change.").waitFor();
  await picture(page, "rules-apply");
  await dialog.getByRole("button", { name: "Apply to 4 contacts" }).click();
  await page.getByText(/was applied: .*4.* of .*4.* changed/).waitFor();
  const tagged = await ask(page, "GET", "/contacts?tag=return");
  assert.equal(tagged.contacts.length, 4);
}

/** Two messages are marked, and the rules measured on them; a tag that only the text calls otherwise is said to be left out. */
async function accuracy(page, base) {
  await page.goto(`${base}/rules/shop?rule=price-intent`);
  await page.getByRole("tab", { name: "Accuracy" }).click();
  const panel = page.getByRole("tabpanel");
  for (const text of ["How much is the delivery?", "Do you give a discount?"]) {
    const message = panel.getByRole("listitem").filter({ hasText: text }).first();
    await message.getByLabel(/^price-intent/).setChecked(true);
    await message.getByRole("button", { name: "That is right" }).click();
  }
  await panel.getByText(/2 of \W*500\W* messages marked/).waitFor();
  await panel.getByRole("button", { name: "Measure" }).click();
  await panel.getByText("Measured on 2 marked messages").waitFor();
  const all = panel.getByRole("row", { name: /All languages/ });
  assert.deepEqual(await all.getByRole("cell").allInnerTexts(), ["100%", "50%", "0", "1"]);
  await picture(page, "rules-accuracy");

  await page.getByRole("tab", { name: "Rule", exact: true }).click();
  const field = page.getByLabel("Give these tags");
  await field.press("Backspace");
  await field.fill("asks-price");
  await field.press("Enter");
  await until("the tag has another name", async () => (await draft(page)).includes("[asks-price]"));
  await page.getByRole("tab", { name: "Accuracy" }).click();
  await panel.getByRole("button", { name: "Measure" }).click();
  await panel.getByText("2 messages are marked with").waitFor();
  await picture(page, "rules-accuracy-left-out");
}

/** The same tab on a phone: the draft names a tag that the marks do not. */
async function accuracyOnAPhone(page, base, locale) {
  const t = wordsOf(locale);
  await page.setViewportSize(PHONE);
  await page.evaluate((locale) => localStorage.setItem("language", locale), locale);
  await page.goto(`${base}/rules/shop?rule=price-intent`);
  await page.getByRole("tab", { name: t("rules.measured") }).click();
  const panel = page.getByRole("tabpanel");
  await panel.getByRole("button", { name: t("book.measure"), exact: true }).click();
  await panel.getByRole("link", { name: t("book.to_dictionary") }).waitFor();
  await picture(page, `rules-accuracy-${locale}-390`);
  assert.deepEqual(await narrowFaults(page, "main"), [], `accuracy in ${locale}`);
}

/** Every screen in three languages, two sizes and two themes. */
async function looks(page, base) {
  for (const language of process.env.LOOK ? ["en", "ru", "ar"] : ["en", "ar"]) {
    for (const theme of ["light", "dark"]) {
      for (const [size, width] of [
        ["wide", 1280],
        ["narrow", 390],
      ]) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
        for (const [name, path] of [
          ["files", "/rules"],
          ["not-understood", "/rules?tab=not-understood"],
          ["list", "/rules/shop"],
          ["rule", "/rules/shop?rule=price-intent"],
        ]) {
          await page.evaluate(
            ([language, theme]) => {
              localStorage.setItem("language", language);
              localStorage.setItem("theme", theme);
            },
            [language, theme],
          );
          await page.goto(`${base}${path}`);
          await page.getByRole("heading", { level: 1 }).waitFor();
          await page.waitForFunction(() => !document.querySelector('[class*="skeleton"]'));
          await picture(page, `rules-${name}-${language}-${theme}-${size}`);
          assert.deepEqual(await faults(page), [], `${path} ${language} ${theme} ${size}`);
        }
      }
    }
  }
}
