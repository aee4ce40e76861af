import { mkdirSync } from "node:fs";
import { NAMES, RULES, talkOf, world } from "./_world.mjs";
import { launch, pageOf, settled } from "./serve.mjs";
import { until } from "./stage.mjs";

const out = process.argv[2];
mkdirSync(out, { recursive: true });
const { W = "1280" } = process.env;
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
    console.log("FAIL", name, e.message.split("\n").slice(0, 3).join(" | "));
    await shot("fail-" + name);
  }
};
const names = async (what) =>
  console.log(
    "   buttons",
    what,
    (
      await page
        .getByRole("button")
        .evaluateAll((all) =>
          all.filter((b) => b.checkVisibility()).map((b) => b.getAttribute("aria-label") ?? b.textContent),
        )
    ).join(" · "),
  );
try {
  page = await pageOf(browser, at, { locale: "en", width: Number(W), height: 800 });
  await page.context().addInitScript(`localStorage.setItem("desk-ready","1")`);
  page.setDefaultTimeout(8000);
  page.on("pageerror", (e) => console.error("pageerror", e.message));
  page.on("response", (a) => a.status() >= 400 && console.error(a.status(), a.request().method(), a.url()));
  await page.goto(at.base + "/runs");
  await settled(page);
  await at.ask("PUT", "/desk/me", { state: "available" });
  const john = talkOf(talks, "John Smith");
  const giulia = talkOf(talks, "Giulia Ricci");
  await step("T takes", async () => {
    await at.ask("POST", `/conversations/${john.id}/escalate`, { team: "care", reason: "Complaint" });
    await page.locator("[data-card]").first().waitFor();
    await shot("offer");
    await page.keyboard.press("t");
    await page.waitForURL(/inbox\/cnv/);
    await page.getByRole("log").waitFor();
    await shot("taken");
  });
  await names("chat");
  await step("assign", async () => {
    console.log(
      await page
        .locator("select")
        .evaluateAll((all) =>
          all.map(
            (s) =>
              (s.getAttribute("aria-label") ?? s.labels?.[0]?.textContent) +
              ": " +
              [...s.options].map((o) => o.text).join(","),
          ),
        ),
    );
  });
  await step("more", async () => {
    await page.getByRole("button", { name: "More", exact: true }).last().click();
    await shot("more");
    console.log(await page.getByRole("menuitem").allInnerTexts());
    await page.keyboard.press("Escape");
  });
  await step("side", async () => {
    const side = page.locator("aside, [class*=side]").last();
    await shot("side");
    console.log((await page.locator("main").innerText()).replaceAll("\n", " / ").slice(0, 1800));
  });
  await step("reply keyboard", async () => {
    await page.getByRole("textbox", { name: /Write a reply/ }).fill("I am here. What happened?");
    await page.keyboard.press("Enter");
    await page.getByRole("log").getByText("I am here").waitFor();
  });
  await step("note mention", async () => {
    await page.getByText("Note", { exact: true }).click();
    const b = page.getByRole("textbox", { name: /Write to colleagues/ });
    await b.fill("see @А");
    await page.waitForTimeout(300);
    await page.keyboard.press("Tab");
    await page.keyboard.type("now");
    await page.keyboard.press("Enter");
    await page
      .getByRole("log")
      .getByText(/see @Анна/)
      .waitFor();
  });
  await step("anna told of mention", async () => {
    const a = await agent.ask("GET", `/conversations?box=mine`);
    console.log(JSON.stringify(a.counts));
  });
  await step("close+ask", async () => {
    await page.getByRole("button", { name: "Close", exact: true }).first().click();
    await shot("close");
    await page.waitForTimeout(500);
    console.log((await page.locator("main").innerText()).split("\n").slice(0, 12).join(" / "));
  });
  await step("team", async () => {
    await page.goto(`${at.base}/team`);
    await settled(page);
    await shot("team");
  });
  await step("misses", async () => {
    await page.goto(`${at.base}/team?tab=misses`);
    await settled(page);
    await page.locator("summary, button[aria-expanded]").first().click();
    await shot("miss-story");
    console.log((await page.locator("main").innerText()).replaceAll("\n", " / ").slice(0, 1500));
  });
  await step("figures", async () => {
    await page.goto(`${at.base}/team?tab=figures`);
    await settled(page);
    await shot("figures");
    console.log((await page.locator("main").innerText()).replaceAll("\n", " / ").slice(0, 600));
    await page.getByRole("button", { name: /table/i }).click();
    await shot("figures-table");
  });
  await step("staffing table", async () => {
    await page.goto(`${at.base}/team?tab=staffing`);
    await settled(page);
    await page.getByRole("button", { name: /table/i }).click();
    await shot("staffing-table");
  });
  await step("closed box", async () => {
    await page.goto(`${at.base}/inbox?box=closed`);
    await settled(page);
    await shot("closed");
  });
  await step("search in conversations", async () => {
    await page.goto(`${at.base}/inbox?box=all`);
    await settled(page);
    await page
      .getByRole("searchbox")
      .or(page.getByPlaceholder(/Name, number/))
      .first()
      .fill("pacco");
    await page.waitForTimeout(600);
    await shot("search");
    console.log((await page.locator("main").innerText()).replaceAll("\n", " / ").slice(-300));
  });
  // CRM admin
  await step("rule try", async () => {
    await page.goto(`${at.base}/rules/shop?rule=returns`);
    await settled(page);
    await page.getByLabel("words, with commas").fill("вернуть, complaint");
    await page.getByRole("tab", { name: /Try on past/ }).click();
    await page
      .getByText(/gained/)
      .first()
      .waitFor();
    await shot("try");
  });
  await step("rule yaml", async () => {
    await page.getByText("Text", { exact: true }).first().click();
    await page.locator(".cm-content").waitFor();
    await shot("yaml");
  });
  await step("new rule", async () => {
    await page.goto(`${at.base}/rules/shop`);
    await settled(page);
    await page.getByRole("button", { name: /Add a rule/ }).click();
    await page.waitForTimeout(300);
    await shot("new-rule");
  });
  await step("contacts", async () => {
    await page.goto(`${at.base}/contacts`);
    await settled(page);
    await names("contacts");
    await page.getByPlaceholder(/Name or number/).fill("Гиул");
    await page.waitForTimeout(600);
    await shot("contacts-none");
  });
  await step("contact", async () => {
    await page.goto(`${at.base}/contacts/${giulia.contact.id}`);
    await settled(page);
    await names("contact");
    await shot("contact");
  });
  await step("segment new", async () => {
    await page.goto(`${at.base}/contacts?tab=segments`);
    await settled(page);
    await page.getByRole("button", { name: /New segment/ }).click();
    await shot("segment-new");
  });
  await step("teams dialog", async () => {
    await page.goto(`${at.base}/settings?tab=teams`);
    await settled(page);
    await page.getByRole("button", { name: "New team" }).click();
    await shot("team-new");
  });
} finally {
  await browser.close();
  await at.stop();
}
