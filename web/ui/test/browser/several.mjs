// Several steps at once: selected with Shift and Ctrl by mouse and by keys, in the picture and in the list, and what is then done with
// them; fields that offer what there is; the flow on paper.
import assert from "node:assert/strict";
import { pagesOf } from "./pdf.mjs";
import { admin, open, pageOf, picture } from "./stage.mjs";

const HEAD = `format: 1
flow: several
name: Several
on: whatsapp.order_received
steps:
`;
const IF = `  - if: event.order.total > 1000
    then:
      # the best
      - do: contact.add_tags
        with: { tags: [vip] }
      - wait: 1h
    else:
      - wait: 2h
`;
const LAST = `  - wait: 3h
  - wait: 4h # four
  - stop: done
`;
const FLOW = HEAD + IF + LAST;

const stage = await open([]);
const stop = (page, path) => page.locator(`[data-stop="${path}"]`);
const selected = (page) =>
  page.locator(".react-flow [aria-current=true]").evaluateAll((all) => all.map((one) => one.getAttribute("data-stop")));

async function edited(context, id) {
  const { page, wrong } = await pageOf(context);
  page.setDefaultTimeout(30_000);
  await page.goto(`${stage.base}/flows/${id}`);
  await stop(page, "steps/0").waitFor();
  await page.waitForFunction(() => document.activeElement?.hasAttribute("data-stop"));
  return { page, wrong };
}

/** The draft once it is this text. */
async function becomes(page, ask, text) {
  await page.getByText(/^Saved/).waitFor();
  for (let tries = 0; tries < 100; tries += 1) {
    if ((await ask("GET", "/flows/several/draft")).text === text) return;
    await page.waitForTimeout(100);
  }
  assert.equal((await ask("GET", "/flows/several/draft")).text, text);
}

const said = (page, words) =>
  page.locator("[aria-live=polite]").getByText(words).first().waitFor({ state: "attached" });

async function byKeys(page, ask) {
  const { keyboard } = page;
  await stop(page, "steps/1").focus();
  await stop(page, "steps/1").click();
  await keyboard.press("Shift+ArrowDown");
  await said(page, "2 steps selected");
  assert.deepEqual(await selected(page), ["steps/1", "steps/2"]);
  await page.getByRole("heading", { name: "2 steps selected" }).waitFor();
  await picture(page, "several-selected");
  await keyboard.press("Delete");
  await said(page, "Deleted: 2 steps");
  await becomes(page, ask, `${HEAD}${IF}  - stop: done\n`);
  // The focus is on a neighbour, and one undo brings both back, selected.
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-stop") === "steps/1");
  await keyboard.press("ControlOrMeta+z");
  await becomes(page, ask, FLOW);
  assert.deepEqual(await selected(page), ["steps/1", "steps/2"]);
  await keyboard.press("Alt+ArrowUp");
  await said(page, "Moved: 2 steps");
  await becomes(page, ask, `${HEAD}  - wait: 3h\n  - wait: 4h # four\n${IF}  - stop: done\n`);
  await keyboard.press("ControlOrMeta+z");
  // A step of a branch and one behind it: the selection stays while one walks on.
  await stop(page, "steps/0/then/1").click();
  for (let left = 0; left < 2; left += 1) await keyboard.press("ControlOrMeta+ArrowDown");
  await keyboard.press("ControlOrMeta+Space");
  assert.deepEqual(await selected(page), ["steps/0/then/1", "steps/1"]);
  await keyboard.press("ControlOrMeta+x");
  await becomes(page, ask, FLOW.replace("      - wait: 1h\n", "").replace("  - wait: 3h\n", ""));
  await stop(page, "steps/1").focus();
  await keyboard.press("ControlOrMeta+v");
  await becomes(
    page,
    ask,
    `${HEAD}${IF.replace("      - wait: 1h\n", "")}  - wait: 4h # four\n  - wait: 1h\n  - wait: 3h\n  - stop: done\n`,
  );
  assert.deepEqual(await selected(page), ["steps/2", "steps/3"]);
  await keyboard.press("ControlOrMeta+z");
  await keyboard.press("ControlOrMeta+z");
  await becomes(page, ask, FLOW);
}

async function byMouse(page, ask) {
  await stop(page, "steps/1").click();
  await stop(page, "steps/2").click({ modifiers: ["Shift"] });
  await page.getByRole("button", { name: "Put into a condition" }).click();
  const inside = '  - if: ""\n    then:\n      - wait: 3h\n      - wait: 4h # four\n  - stop: done\n';
  await becomes(page, ask, HEAD + IF + inside);
  await page.getByRole("button", { name: "Undo", exact: true }).first().click();
  await becomes(page, ask, FLOW);
  // Steps of two branches: what needs a row is not offered, and the reason is said.
  await stop(page, "steps/0/then/1").click();
  await stop(page, "steps/0/else/0").click({ modifiers: ["ControlOrMeta"] });
  await page.getByText(/do not follow each other in one branch/).waitFor();
  assert.equal(await page.getByRole("button", { name: "Put into a condition" }).count(), 0);
  await picture(page, "several-apart");
  await page.getByRole("complementary").getByRole("button", { name: "Delete", exact: true }).click();
  await said(page, "Deleted: 2 steps");
  await becomes(
    page,
    ask,
    FLOW.replace("      - wait: 1h\n", "").replace("    else:\n      - wait: 2h\n", "    else: []\n"),
  );
  await page.getByRole("button", { name: "Undo", exact: true }).first().click();
  await becomes(page, ask, FLOW);
  // Dragged by one of them, all go.
  await stop(page, "steps/2").click();
  await stop(page, "steps/1").click({ modifiers: ["ControlOrMeta"] });
  const gaps = page.locator("button[aria-label='Add a step here']:not([data-stop])");
  await stop(page, "steps/1").dragTo(gaps.first());
  await becomes(page, ask, `${HEAD}  - wait: 3h\n  - wait: 4h # four\n${IF}  - stop: done\n`);
  await page.getByRole("button", { name: "Undo", exact: true }).first().click();
  await becomes(page, ask, FLOW);
}

async function inTheList(page, ask) {
  await page.getByRole("radio", { name: "List" }).click();
  const row = (key) => page.locator(`[role=row][data-key="${key}"]`);
  await row("steps/1").click();
  await page.keyboard.press("Shift+ArrowDown");
  await page.getByRole("heading", { name: "2 steps selected" }).waitFor();
  await page.keyboard.press("ControlOrMeta+d");
  await said(page, "Duplicated: 2 steps");
  await becomes(
    page,
    ask,
    `${HEAD}${IF}  - wait: 3h\n  - wait: 4h # four\n  - wait: 3h\n  - wait: 4h # four\n  - stop: done\n`,
  );
  await page.keyboard.press("ControlOrMeta+z");
  await becomes(page, ask, FLOW);
  await page.getByRole("radio", { name: "Picture" }).click();
  await stop(page, "steps/0").waitFor();
}

/** What there is, is offered; what there is not can be written and is said not to exist. */
async function picks(page) {
  await stop(page, "steps/3").focus();
  await page.keyboard.press("Shift+A");
  await page.getByRole("listbox").waitFor();
  await page.keyboard.type("Send a template");
  await page.keyboard.press("Enter");
  const field = page.getByRole("combobox", { name: "Template", exact: true });
  await field.waitFor();
  await page.waitForFunction(() => document.activeElement?.getAttribute("role") === "combobox");
  await page.keyboard.type("order_c");
  await page.getByRole("option", { name: "order_confirmation" }).waitFor();
  await picture(page, "picks-template");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await field.inputValue(), "order_confirmation");
  await page.getByRole("button", { name: /^Add its values/ }).click();
  await page.getByRole("group", { name: "Variables of the template" }).getByRole("textbox").first().waitFor();
  await picture(page, "picks-values");
  await field.fill("order_conf");
  await page.keyboard.press("Tab");
  await page.getByText(/order_conf.? does not exist yet/).waitFor();
  await picture(page, "picks-unknown");
}

/** A4: in words, then the picture, page by page, and nothing else. */
async function onPaper(page, language) {
  await page.evaluate((own) => localStorage.setItem("language", own), language);
  await page.reload();
  await stop(page, "steps/0").waitFor();
  // The sheet is loaded behind the picture.
  const printing = (what) => page.evaluate((event) => dispatchEvent(new Event(event)), what);
  await page.waitForFunction(() => {
    dispatchEvent(new Event("beforeprint"));
    return document.querySelector("[data-print]") !== null;
  });
  await page.emulateMedia({ media: "print" });
  await picture(page, `print-${language}`);
  await page.emulateMedia({ media: null });
  await printing("afterprint");
  await page.locator("[data-print]").waitFor({ state: "detached" });
  const paper = await page.pdf({ preferCSSPageSize: true });
  const { pages, words } = pagesOf(paper);
  assert.ok(pages.length >= 2, `${language}: ${pages.length} pages`);
  for (const { width, height } of pages)
    assert.deepEqual([Math.round(Math.min(width, height)), Math.round(Math.max(width, height))], [595, 842]);
  for (const word of language === "ar" ? ["1000", "vip"] : ["Several", "Step by step", "vip", "more than"])
    assert.ok(words.includes(word), `${language}: ${word} is not on paper: ${words}`);
  assert.ok(!words.includes("Publish"), "buttons are not printed");
}

try {
  // High enough for the whole flow: what is pressed is in sight.
  const viewport = { width: 1280, height: 1400 };
  const { context, ask } = await admin(stage, { viewport, permissions: ["clipboard-read", "clipboard-write"] });
  await ask("POST", "/flows", { text: FLOW });
  const { page, wrong } = await edited(context, "several");
  try {
    await byKeys(page, ask);
    await byMouse(page, ask);
    await inTheList(page, ask);
    await picks(page);
    for (const language of ["en", "ar"]) await onPaper(page, language);
    assert.deepEqual(wrong, []);
  } catch (error) {
    await picture(page, "several-failed");
    throw error;
  }
  process.stdout.write("several: steps at once by keys and by mouse, lists of what there is, the flow on paper\n");
} finally {
  await stage.close();
}
