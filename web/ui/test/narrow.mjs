// What must hold of a page or a dialog on a phone, in any language: nothing is wider than the window, nothing is cut off, axe finds
// nothing, and the keyboard reaches everything.
import { catalog } from "../scripts/po.mjs";
import { faults } from "./stage.mjs";

export const PHONE = { width: 390, height: 844 };
const PARTS = ["", "alarms/", "book/", "desk/", "rules/", "editor/", "editor/publish/", "pages/settings/"].map(
  (part) => `src/${part}locales`,
);

/** The texts of a language, by id; what stands for a name is anything. */
export function wordsOf(locale) {
  const all = new Map(PARTS.flatMap((part) => [...catalog(`${part}/${locale}.po`)]));
  return (id) => {
    const text = all.get(id).replaceAll("''", "'");
    if (!text.includes("{")) return text;
    const parts = text.split(/\{\w+\}/).map((part) => part.replace(/[.*+?^$()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${parts.join(".*")}$`);
  };
}

/** What is wrong within `scope`, a selector. */
export async function narrowFaults(page, scope) {
  return [...(await faults(page)), ...(await page.evaluate(cutOff, scope)), ...(await unreached(page, scope))];
}

/** What is hidden behind an edge without a way to see it. */
function cutOff(scope) {
  const root = document.querySelector(scope);
  const scrolls = (one) => {
    for (let box = one; box && box !== root.parentElement; box = box.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(box).overflowX)) return true;
    }
    return false;
  };
  const told = (one, what) => `${what}: ${one.outerHTML.slice(0, 160)}`;
  const found = [];
  for (const one of root.querySelectorAll("*")) {
    const { width, left, right } = one.getBoundingClientRect();
    const style = getComputedStyle(one);
    // One pixel is how what is only read out is kept out of sight.
    if (width <= 1 || style.position === "absolute" || one.closest("svg, .hidden")) continue;
    const shortened = style.textOverflow === "ellipsis" || style.webkitLineClamp !== "none";
    if (/hidden|clip/.test(style.overflowX) && one.scrollWidth > one.clientWidth + 1 && !shortened) {
      if (one.textContent.trim() !== "" && !scrolls(one)) found.push(told(one, "cut off"));
    }
    if ((left < -1 || right > window.innerWidth + 1) && !scrolls(one)) found.push(told(one, "over the edge"));
  }
  return found;
}

/** What the keyboard should reach, and does not. */
async function unreached(page, scope) {
  const count = await page.evaluate((scope) => {
    const root = document.querySelector(scope);
    const isRadio = (one) => one.type === "radio" || one.getAttribute("role") === "radio";
    const all = [...root.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")].filter(
      (one) => one.tabIndex >= 0 && !one.disabled && one.checkVisibility() && one.getClientRects().length > 0,
    );
    // Of several radio buttons the keyboard stands on one.
    for (const one of all) if (!isRadio(one)) one.dataset.unreached = "";
    all[0]?.focus();
    return all.length;
  }, scope);
  for (let n = 0; n < count + 8; n += 1) {
    await page.evaluate(() => delete document.activeElement?.dataset.unreached);
    await page.keyboard.press("Tab");
  }
  return page.evaluate((scope) => {
    const left = [...document.querySelector(scope).querySelectorAll("[data-unreached]")];
    for (const one of left) delete one.dataset.unreached;
    return left.map((one) => `not reached by the keyboard: ${one.outerHTML.slice(0, 160)}`);
  }, scope);
}
