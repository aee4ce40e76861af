// How long a key takes in the editor, from the key to the picture, with 40 and with 500 steps; and how many cards are drawn for it.
// `npm run perf`; it fails at SLACK (4) times what design allows, as machines that check have no graphics and little time.
import assert from "node:assert/strict";
import { admin, open, pageOf } from "./stage.mjs";

const SLACK = Number(process.env.SLACK ?? 4);
const CASES = [
  { steps: 40, key: 50, ready: 1000 },
  { steps: 500, key: 100, ready: 2000 },
];
const KEYS = 24;

/** A flow of so many steps, some of them in branches. */
function flowOf(steps) {
  const lines = [
    "format: 1",
    `flow: long-${steps}`,
    `name: A flow of ${steps} steps`,
    "on: whatsapp.order_received",
    "steps:",
  ];
  for (let at = 0; at < steps; at += 5) {
    lines.push(
      `  - id: text_${at} # what they get to read`,
      "    do: whatsapp.send_text",
      `    with: { text: "Order {{event.order.id}}, part ${at}" }`,
      '  - if: event.order.total > 100 && contact.tags.contains("vip")',
      "    then:",
      "      - do: contact.add_tags",
      `        with: { tags: [part-${at}] }`,
      "    else:",
      `      - wait: ${at + 1}m`,
      `  - set: { part: "${at}" }`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** From each key to the frame after the card shows it, in milliseconds. */
async function keys(page, step) {
  await page.evaluate((step) => {
    const card = () => document.querySelector(`[data-stop="${step}"]`);
    globalThis.took = [];
    let at = 0;
    addEventListener("keydown", (event) => (at = event.timeStamp), true);
    new MutationObserver(() => {
      if (at === 0) return;
      const began = at;
      at = 0;
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => globalThis.took.push(performance.now() - began);
        channel.port2.postMessage(null);
      });
    }).observe(card(), { subtree: true, childList: true, characterData: true });
  }, step);
  for (let left = KEYS; left > 0; left -= 1) {
    await page.keyboard.type("x");
    await page.waitForFunction((many) => globalThis.took.length >= many, KEYS - left + 1);
  }
  return page.evaluate(() => globalThis.took);
}

const stage = await open([]);
const over = [];
const limit = (what, value, most) => {
  const line = `${what.padEnd(40)} ${value.toFixed(0).padStart(6)} ms of ${most}`;
  process.stdout.write(`${line}${value > most ? "  over" : ""}\n`);
  if (value > most * SLACK) over.push(line);
};
try {
  const { context, ask } = await admin(stage);
  for (const { steps, key, ready } of CASES) {
    await ask("POST", "/flows", { text: flowOf(steps) });
    const { page, wrong } = await pageOf(context);
    await page.goto(`${stage.base}/flows`);
    await page.getByText(`A flow of ${steps} steps`).first().waitFor();
    const began = Date.now();
    await page.getByText(`A flow of ${steps} steps`).first().click();
    await page.locator('[data-stop="steps/0"]').waitFor();
    limit(`${steps} steps, opened`, Date.now() - began, ready);
    await page.locator('[data-stop="steps/0"]').click();
    const text = page.getByRole("textbox", { name: "Text" }).first();
    await text.click();
    await page.keyboard.press("End");
    await keys(page, "steps/0");
    const took = (await keys(page, "steps/0")).sort((a, b) => a - b);
    limit(`${steps} steps, a key until it is seen`, took[Math.floor(took.length / 2)], key);
    assert.deepEqual(wrong, []);
    await page.close();
  }
} finally {
  await stage.close();
}
assert.deepEqual(over, [], `more than ${SLACK} times what it may take`);
