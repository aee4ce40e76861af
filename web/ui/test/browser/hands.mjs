// Two ways of using a page: with the keyboard alone, and with presses of the mouse alone (but for words, which are typed). What a
// test does it does through one of them, so that the same story is told twice.
import assert from "node:assert/strict";

/** More Tabs than this to come anywhere are a fault of the page. */
const MOST_TABS = 60;
/** Steps of a flow that one walks along at most. */
const MOST_STEPS = 60;

/** A list that came up while one wrote is closed, as one does before going on: what is behind it cannot be reached. */
async function closeList(page, field) {
  if ((await field.getAttribute("aria-expanded")) === "true") await page.keyboard.press("Escape");
}

const isFocused = (locator) => locator.evaluate((element) => element === document.activeElement).catch(() => false);
const focusedStop = (page) => page.evaluate(() => document.activeElement?.getAttribute("data-stop") ?? null);
const cssOf = (stop) => `[data-stop="${stop}"]`;

/** Everything by keys. */
export function keyboard(page) {
  const { keyboard: keys } = page;
  /** Tab by Tab, back where it is before what has the focus. Gives how many it took. */
  const to = async (locator) => {
    await locator.waitFor();
    const back = await locator.evaluate(
      (element) => (element.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0,
    );
    for (let tabs = 0; tabs <= MOST_TABS; tabs += 1) {
      if (await isFocused(locator)) return tabs;
      await keys.press(back ? "Shift+Tab" : "Tab");
    }
    assert.fail(`no way to ${locator} by Tab`);
  };
  const press = async (locator, key = "Enter") => {
    await to(locator);
    await keys.press(key);
  };
  /** From wherever one is in the editor to a step of the picture, with the arrows. */
  const stop = async (place) => {
    if ((await focusedStop(page)) === null) {
      const inForm = await page.evaluate(() => document.activeElement?.closest("aside") !== null);
      if (inForm) await keys.press("Escape");
      else await to(page.locator("[data-stop][tabindex='0']"));
      await page.waitForFunction(() => document.activeElement?.hasAttribute("data-stop"));
    }
    await keys.press("Home");
    for (let steps = 0; steps <= MOST_STEPS; steps += 1) {
      if ((await focusedStop(page)) === place) return;
      const before = await focusedStop(page);
      await keys.press("ArrowDown");
      await page.waitForFunction((old) => document.activeElement?.getAttribute("data-stop") !== old, before);
    }
    assert.fail(`no way to ${place} by the arrows`);
  };
  const pick = async (title) => {
    await page.getByRole("listbox").waitFor();
    await keys.type(title);
    await page.getByRole("option", { name: title }).first().waitFor();
    await keys.press("Enter");
  };
  return {
    name: "keyboard",
    to,
    press,
    stop,
    open: async (place) => {
      await stop(place);
      await keys.press("Enter");
    },
    /** Adds a step in an empty branch (`steps/0/then/+`) or behind a step. */
    add: async (place, title) => {
      await stop(place);
      await keys.press(place.endsWith("/+") ? "Enter" : "a");
      await pick(title);
      await page.getByRole("heading", { name: title, level: 2 }).waitFor();
    },
    write: async (field, words) => {
      await to(field);
      await keys.press("ControlOrMeta+a");
      await keys.type(words);
      await closeList(page, field);
    },
    /** Writes data into a field, as the list of data offers it. */
    insert: async (field, name) => {
      await to(field);
      await keys.press("End");
      await keys.type(" /");
      await page.getByRole("dialog").waitFor();
      await keys.type(name);
      await page.getByRole("option", { name }).first().waitFor();
      await keys.press("Enter");
      await page.getByRole("dialog").waitFor({ state: "detached" });
    },
    choose: async (list, option) => {
      await press(list);
      await page.getByRole("listbox").waitFor();
      await keys.type(option);
      await keys.press("Enter");
      await page.getByRole("listbox").waitFor({ state: "detached" });
    },
    pickData: pick,
  };
}

/** Everything by presses of the mouse where something is to be seen; nothing is dragged. */
export function mouse(page) {
  const click = async (locator) => {
    await locator.waitFor();
    await locator.scrollIntoViewIfNeeded();
    await locator.click();
  };
  /** Turns the wheel until a place of the picture is in sight, and gives its middle. */
  const seen = async (locator) => {
    await locator.waitFor();
    const frame = await page.locator(".react-flow").boundingBox();
    for (let turns = 0; turns < 20; turns += 1) {
      const box = await locator.boundingBox();
      const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
      const [dx, dy] = [off(x, frame.x, frame.width), off(y, frame.y, frame.height)];
      if (dx === 0 && dy === 0) return { x, y, box };
      await page.mouse.move(frame.x + frame.width / 2, frame.y + 8);
      await page.mouse.wheel(dx, dy);
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    }
    return assert.fail(`${locator} does not come into sight`);
  };
  /** How far outside of the frame, with a margin. */
  const off = (at, from, length) => {
    if (at < from + 60) return at - from - length / 3;
    return at > from + length - 60 ? at - from - (length * 2) / 3 : 0;
  };
  const clickAt = async (locator) => {
    const { x, y } = await seen(locator);
    await page.mouse.click(x, y);
  };
  /** The place to add a step that is right under a card. */
  const gapUnder = async (card) => {
    const { box } = await seen(card);
    const gaps = await page.locator("button[aria-label='Add a step here']:not([data-stop])").all();
    const places = await Promise.all(gaps.map(async (gap) => ({ gap, box: await gap.boundingBox() })));
    const middle = box.x + box.width / 2;
    const under = places
      .filter(
        (place) => Math.abs(place.box.x + place.box.width / 2 - middle) < 4 && place.box.y >= box.y + box.height - 2,
      )
      .sort((a, b) => a.box.y - b.box.y);
    assert.ok(under[0], "no place to add a step under the card");
    return under[0].gap;
  };
  const pick = async (title) => {
    const options = page.getByRole("option", { name: title });
    await click(options.first());
  };
  return {
    name: "mouse",
    to: click,
    press: click,
    stop: (place) => clickAt(page.locator(cssOf(place))),
    open: (place) => clickAt(page.locator(cssOf(place))),
    add: async (place, title) => {
      const card = page.locator(cssOf(place));
      await clickAt(place.endsWith("/+") ? card : await gapUnder(card));
      await pick(title);
      await page.getByRole("heading", { name: title, level: 2 }).waitFor();
    },
    write: async (field, words) => {
      await click(field);
      await page.keyboard.press("ControlOrMeta+a");
      await page.keyboard.type(words);
      await closeList(page, field);
    },
    insert: async (field, name) => {
      const box = field.locator("xpath=..");
      await click(field);
      await page.keyboard.press("End");
      await page.keyboard.type(" ");
      await click(box.getByRole("button", { name: /Insert data/ }));
      await pick(name);
      await page.getByRole("dialog").waitFor({ state: "detached" });
    },
    choose: async (list, option) => {
      await click(list);
      await click(page.getByRole("option", { name: option, exact: true }));
      await page.getByRole("listbox").waitFor({ state: "detached" });
    },
    pickData: pick,
  };
}
