import { mkdirSync } from "node:fs";
import { NAMES, talkOf, world } from "./_world.mjs";
import { launch, pageOf, settled } from "./serve.mjs";
import { until } from "./stage.mjs";

const out = process.argv[2];
mkdirSync(out, { recursive: true });
const { L = "ru" } = process.env;
const { at, agent, talks, mia } = await world();
const browser = await launch();
let page;
let n = 0;
const shot = async (name) => {
  await page.waitForTimeout(250);
  await page.screenshot({ path: `${out}/${String(++n).padStart(2, "0")}-${name}.png` });
};
const step = async (name, f) => {
  try {
    await f();
    console.log("ok  ", name);
  } catch (e) {
    console.log("FAIL", name, e.message.split("\n").slice(0, 4).join(" | "));
    await shot("fail-" + name);
  }
};
try {
  page = await pageOf(browser, agent, { locale: L, width: 390, height: 844 });
  page.setDefaultTimeout(8000);
  page.on("pageerror", (e) => console.error("pageerror", e.message));
  page.on("response", (a) => a.status() >= 400 && console.error(a.status(), a.request().method(), a.url()));
  await page.goto(at.base + "/inbox");
  await settled(page);
  await shot("inbox-first");
  await step("state", async () => {
    await page.getByRole("button", { name: /Ваше состояние/ }).click();
    await shot("presence-menu");
    await page.getByRole("menuitemradio").first().click();
  });
  await step("ready", async () => {
    await shot("ready");
    await page.getByRole("button", { name: "Проверить звук" }).click();
    await page.getByRole("button", { name: "Готово" }).click();
  });
  await until("online", async () => (await agent.ask("GET", "/desk")).me?.online);
  const john = talkOf(talks, "Иван Петров");
  await at.ask("POST", `/conversations/${john.id}/escalate`, {
    team: "care",
    reason: "Хочет вернуть товар и очень недоволен",
  });
  await step("offer", async () => {
    await page.locator("[data-card]").first().waitFor();
    await shot("offer");
  });
  await step("take", async () => {
    await page.getByRole("button", { name: "Принять" }).first().click();
    await page.waitForURL(/inbox\/cnv/);
    await page.getByRole("log").waitFor();
    await shot("taken");
  });
  await step("reply", async () => {
    await page
      .getByRole("textbox")
      .last()
      .fill("Здравствуйте, Иван! Пришлите, пожалуйста, номер заказа — я оформлю возврат прямо сейчас.");
    await shot("typing");
    await page.getByRole("button", { name: "Отправить" }).click();
    await page.getByRole("log").getByText("Здравствуйте, Иван!").waitFor();
    await shot("sent");
  });
  await step("side", async () => {
    const names = await page
      .getByRole("button")
      .evaluateAll((all) => all.map((b) => b.getAttribute("aria-label") ?? b.textContent));
    console.log(names.join(" · "));
  });
  await step("more", async () => {
    await page.getByRole("button", { name: "Ещё" }).last().click();
    await shot("more");
    await page.keyboard.press("Escape");
  });
  await step("note", async () => {
    await page.getByText("Заметка", { exact: true }).click();
    await page.getByRole("textbox").last().fill("Посмотри, пожалуйста @M");
    await shot("mention");
  });
  await step("snippet", async () => {
    await page.getByText("Ответ", { exact: true }).first().click();
    await page.getByRole("textbox").last().fill("/");
    await shot("snippet-none");
    await page.getByRole("textbox").last().fill("");
  });
  await step("close", async () => {
    await page.getByRole("button", { name: "Закрыть", exact: true }).first().click();
    await shot("closed");
  });
  await page.goto(`${at.base}/inbox?box=all`);
  await settled(page);
  await shot("list");
  await page.goto(`${at.base}/contacts/${john.contact.id}`);
  await settled(page);
  await shot("contact");
  await page.goto(`${at.base}/settings`);
  await settled(page);
  await shot("me");
  await page.goto(`${at.base}/`);
  await settled(page);
  await shot("home");
  await page.getByRole("button").first().click();
  await shot("menu");
} finally {
  await browser.close();
  await at.stop();
}
