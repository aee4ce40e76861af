// scratch: node test/_gallery.mjs OUT  ONLY=name,..  LOCALES THEMES WIDTHS
import { mkdirSync } from "node:fs";
import { NAMES, talkOf, world } from "./_world.mjs";
import { launch, pageOf, settled } from "./serve.mjs";
import { until } from "./stage.mjs";

const out = process.argv[2];
mkdirSync(out, { recursive: true });
const { ONLY, LOCALES = "en,ru,ar", THEMES = "light", WIDTHS = "1280,390", FULL } = process.env;
const { at, agent, talks, mia } = await world();
const browser = await launch();
const karim = talkOf(talks, NAMES[0][0]);
try {
  // reviews
  const { revision: read, changed_by, changed_at, ...settings } = await at.ask("GET", "/settings");
  await at.ask("PUT", "/settings", { ...settings, approval: true }, read);
  const d = await at.ask("GET", "/rules/shop/draft");
  const ugo = await (async () => {
    const i = await at.ask("POST", "/users", {
      name: "Ugo Conti",
      email: "ugo@example.com",
      role: "ops",
      publisher: true,
    });
    const j = await fetch(`${at.base}/api/v1/invitation`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        token: i.invitation.split("#")[1],
        name: "Ugo Conti",
        password: "a sentence is easier to remember",
      }),
    });
    const { csrf } = await j.json();
    return [csrf, j.headers.get("set-cookie").match(/session=([^;]+)/)[1]];
  })();
  const carla = await at.ask("POST", "/users", {
    name: "Карла",
    email: "carla@example.com",
    role: "crm_admin",
    publisher: true,
  });
  const joined = await fetch(`${at.base}/api/v1/invitation`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      token: carla.invitation.split("#")[1],
      name: "Карла",
      password: "a sentence is easier to remember",
    }),
  });
  const { csrf } = await joined.json();
  const value = joined.headers.get("set-cookie").match(/session=([^;]+)/)[1];
  const asCarla = async (method, path, given, revision) => {
    const a = await fetch(`${at.base}/api/v1${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        cookie: `session=${value}`,
        "x-csrf-token": csrf,
        ...(revision && { "if-match": `"${revision}"` }),
      },
      body: given && JSON.stringify(given),
    });
    if (!a.ok) console.error(method, path, a.status, await a.text());
    else return a.json();
  };
  const changed = await asCarla(
    "PUT",
    "/rules/shop/draft",
    { text: d.text.replace('"вернуть"', '"вернуть", "возврат"') },
    d.draft?.revision ?? d.revision,
  );
  await asCarla("POST", "/rules/shop/review", {
    revision: changed?.revision ?? changed?.draft?.revision,
    action: "ask",
    comment: "Добавила слово «возврат»: клиенты пишут его чаще, чем «вернуть»",
  });
  const asUgo = async (method, path, given, revision) => {
    const a = await fetch(`${at.base}/api/v1${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        cookie: `session=${ugo[1]}`,
        "x-csrf-token": ugo[0],
        ...(revision && { "if-match": `"${revision}"` }),
      },
      body: given && JSON.stringify(given),
    });
    if (!a.ok) console.error(method, path, a.status, await a.text());
    else return a.json();
  };
  const sd = await asUgo("GET", "/flows/price-askers/draft");
  if (sd) {
    const c = await asUgo("PUT", "/flows/price-askers/draft", { text: sd.text + "language: ru\n" }, sd.revision);
    await asUgo("POST", "/flows/price-askers/review", { revision: c?.revision, action: "ask", comment: "" });
  }
  // escalations
  await agent.ask("PUT", "/desk/me", { state: "available" });
  await at.ask("POST", `/conversations/${talkOf(talks, "John Smith").id}/escalate`, {
    team: "care",
    reason: "An angry customer who has waited for a very long time for an answer",
  });
  await at.ask("POST", `/conversations/${talkOf(talks, "Иван Петров").id}/escalate`, {
    team: "sales",
    reason: "Хочет вернуть товар",
  });
  {
    const { escalations } = await agent.ask("GET", "/escalations");
    for (const e of escalations) if (e.team === "care") await agent.ask("POST", `/escalations/${e.id}/take`, {});
  }
  await at.ask("POST", `/conversations/${karim.id}/messages`, { key: "k1", text: "Здравствуйте! Сейчас посмотрю." });
  await at.ask("POST", `/conversations/${karim.id}/notes`, { text: "Клиент постоянный", mentions: [] });
  await at.ask("PUT", "/desk/me", { state: "break" });
  const PAGES = {
    inbox: ["/inbox?box=all"],
    chat: [`/inbox/${karim.id}?box=all`],
    team: ["/team"],
    misses: ["/team?tab=misses"],
    figures: ["/team?tab=figures"],
    staffing: ["/team?tab=staffing"],
    contacts: ["/contacts"],
    contact: [`/contacts/${karim.contact.id}`],
    segments: ["/contacts?tab=segments"],
    segment: ["/contacts/segments/price-askers"],
    rules: ["/rules"],
    tags: ["/rules?tab=tags"],
    notund: ["/rules?tab=not-understood"],
    rule: ["/rules/shop?rule=returns"],
    reviews: ["/alarms"],
    policy: ["/alarms?tab=policy"],
    retention: ["/settings?tab=workspace"],
    teams: ["/settings?tab=teams"],
    snippets: ["/settings?tab=snippets"],
    me: ["/settings"],
  };
  for (const locale of LOCALES.split(","))
    for (const theme of THEMES.split(","))
      for (const width of WIDTHS.split(",").map(Number)) {
        const page = await pageOf(browser, at, { locale, theme, width, height: width === 390 ? 844 : 800 });
        await page.context().addInitScript(`localStorage.setItem("desk-ready","1")`);
        page.on("pageerror", (e) => console.error("pageerror", e.message));
        page.on("response", (a) => a.status() >= 400 && console.error(a.status(), a.url()));
        for (const [name, [path]] of Object.entries(PAGES)) {
          if (ONLY && !ONLY.split(",").includes(name)) continue;
          await page.goto(at.base + path);
          await settled(page).catch((e) => console.error(name, e.message));
          await page.waitForTimeout(250);
          const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          if (over > 0) console.error(name, locale, width, "over", over);
          const tall =
            FULL &&
            (await page.evaluate(() => {
              const m = document.querySelector("main");
              return m ? m.scrollHeight - m.clientHeight : 0;
            }));
          if (tall > 0)
            await page.setViewportSize({ width, height: Math.min(4000, (width === 390 ? 844 : 800) + tall) });
          await page.screenshot({ path: `${out}/${name}-${locale}-${theme}-${width}.png` });
          if (tall > 0) await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
        }
        await page.context().close();
      }
} finally {
  await browser.close();
  await at.stop();
}
