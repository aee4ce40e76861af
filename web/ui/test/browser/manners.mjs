// What axe does not see: where the focus is and goes, what the arrows do, what is read out, what is covered, small, moving or too
// wide. T1 and T4 to T10 of the editor. UPDATE=1 writes what is read out anew.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { admin, open, pageOf, picture } from "./stage.mjs";

const GOLDEN = "test/browser/golden";
const FLOW = `format: 1
flow: manners
name: Manners
on: whatsapp.order_received
steps:
  - if: event.order.total > 1000
    then:
      - do: contact.add_tags
        with: { tags: [vip] }
    else:
      - wait: 1h
  - id: reply
    wait_for: whatsapp.message_received
    timeout: 48h
    then: []
    on_timeout:
      - do: whatsapp.send_template
        with: { template: order_reminder }
  - stop: done
`;
const ORDER = [
  "on",
  "steps/0",
  "steps/0/then/0",
  "steps/0/else/0",
  "steps/1",
  "steps/1/then/+",
  "steps/1/on_timeout/0",
  "steps/2",
];
const SMALLEST = 24;

const stage = await open([]);
const stopNow = (page) => page.evaluate(() => document.activeElement?.getAttribute("data-stop") ?? null);

async function edited(context) {
  const { page, wrong } = await pageOf(context);
  page.setDefaultTimeout(30_000);
  await page.goto(`${stage.base}/flows/manners`);
  await page.locator("[data-stop='steps/2']").waitFor();
  await page.waitForFunction(() => document.activeElement?.hasAttribute("data-stop"));
  return { page, wrong };
}

/** The same text as is kept, or it is kept now. */
function golden(name, text) {
  const file = `${GOLDEN}/${name}.yml`;
  mkdirSync(GOLDEN, { recursive: true });
  if (process.env.UPDATE || !existsSync(file)) writeFileSync(file, `${text}\n`);
  assert.equal(`${text}\n`, readFileSync(file, "utf8"), `${file}: UPDATE=1 writes it anew`);
}

async function focusIsNeverLost(page) {
  // T1: the first step is where one begins, and the whole picture is one stop of Tab.
  assert.equal(await stopNow(page), "on");
  assert.equal(await page.locator(".react-flow [tabindex='0']").count(), 1);
  // T4: a step that goes gives the focus to its neighbour; windows and settings give it back.
  await page.keyboard.press("End");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-stop") === "steps/2");
  await page.keyboard.press("Delete");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-stop") === "steps/1");
  await page.keyboard.press("ControlOrMeta+z");
  await page.locator("[data-stop='steps/2']").waitFor();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement?.closest("aside") !== null);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.activeElement?.hasAttribute("data-stop"));
  await page.getByRole("complementary").getByRole("button", { name: "Close" }).click();
  await page.waitForFunction(() => document.activeElement?.hasAttribute("data-stop"));
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.waitForFunction(() => document.activeElement?.textContent === "Publish");
}

/** T5 and T7: the arrows go in the order of the text, and what has the focus is in sight and nothing is before it. */
async function arrowsFollow(page, rtl) {
  await page.locator("[data-stop='on']").focus();
  const walked = ["on"];
  for (let left = ORDER.length - 1; left > 0; left -= 1) {
    const before = walked.at(-1);
    await page.keyboard.press("ArrowDown");
    await page.waitForFunction((old) => document.activeElement?.getAttribute("data-stop") !== old, before);
    walked.push(await stopNow(page));
    await page.waitForFunction(() => {
      const { x, y, width, height } = document.activeElement.getBoundingClientRect();
      return document.activeElement.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    });
  }
  assert.deepEqual(walked, ORDER);
  await page.locator("[data-stop='steps/0/then/0']").focus();
  await page.keyboard.press(rtl ? "ArrowLeft" : "ArrowRight");
  await page.waitForFunction(() => document.activeElement?.getAttribute("data-stop") === "steps/0/else/0");
}

/** T6: what is read out of the picture and of the list. */
async function isReadOut(page) {
  await page.keyboard.press("Home");
  golden("picture", await page.locator(".react-flow").ariaSnapshot());
  await page.getByRole("radio", { name: "List" }).click();
  await page.getByRole("treegrid").waitFor();
  golden("list", await page.getByRole("treegrid").ariaSnapshot());
  await page.getByRole("radio", { name: "Picture" }).click();
  await page.locator("[data-stop='steps/0']").waitFor();
}

/** T8 and T9: nothing to press is small, nothing moves for those who want no movement. */
async function isCalm(page) {
  await page.locator("[data-stop='steps/0']").click();
  await page.getByRole("button", { name: "Test this step" }).waitFor();
  const small = await page.evaluate((least) => {
    const all = document.querySelectorAll("main :is(button, a, input:not([type=hidden]), [role=textbox], [data-stop])");
    return [...all]
      .map((element) => ({ element, box: element.getBoundingClientRect() }))
      .filter(({ element, box }) => box.width > 1 && !element.closest(".react-flow__panel, .hidden, p, li, time"))
      .filter(({ box }) => box.width < least - 0.5 || box.height < least - 0.5)
      .map(({ element, box }) => `${element.outerHTML.slice(0, 120)} ${box.width} x ${box.height}`);
  }, SMALLEST);
  assert.deepEqual(small, []);
  const moving = await page.waitForFunction(() => document.getAnimations().length === 0).then(() => []);
  assert.deepEqual(moving, []);
}

/** T10: no page is wider than its window, in any language. */
async function fits(context) {
  for (const language of ["en", "ru", "ar", "it", "zh"]) {
    const { page } = await pageOf(context);
    await page.addInitScript((own) => localStorage.setItem("language", own), language);
    for (const width of [1280, 320]) {
      await page.setViewportSize({ width, height: 800 });
      await page.goto(`${stage.base}/flows/manners`);
      await page.locator("[data-stop], [role=treegrid]").first().waitFor();
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${language}, ${width} px: ${over} px too wide`);
      await picture(page, `manners-${language}-${width}`);
    }
    await page.close();
  }
}

try {
  const { context, ask } = await admin(stage);
  await ask("POST", "/flows", { text: FLOW });
  const { page, wrong } = await edited(context);
  try {
    await focusIsNeverLost(page);
    await arrowsFollow(page, false);
    await isReadOut(page);
    await isCalm(page);
  } catch (error) {
    await picture(page, "manners-failed");
    throw error;
  }
  await page.evaluate(() => localStorage.setItem("language", "ar"));
  await page.reload();
  await page.waitForFunction(() => document.activeElement?.hasAttribute("data-stop"));
  await arrowsFollow(page, true);
  assert.deepEqual(wrong, []);
  await page.close();
  await fits(context);
  process.stdout.write("manners: focus, arrows, what is read out, sizes, movement and widths are as they should be\n");
} finally {
  await stage.close();
}
