// scratch, not committed
import { readFileSync } from "node:fs";
import { launch, pageOf, serve, settled } from "./serve.mjs";
import { until } from "./stage.mjs";
export const NAMES = [
  ["Карим Абдуллаев-Преображенский", "+79161234567", "Какая цена? Мне нужно знать сегодня, пожалуйста"],
  ["فاطمة الزهراء", "+971501234567", "كم السعر؟"],
  ["Giulia Ricci", "+393331234567", "Dov'è il mio pacco? Sono molto arrabbiata"],
  ["王伟", "+8613800138000", "多少钱"],
  ["John Smith", "+447700900123", "This is a complaint: I want a human"],
  ["Иван Петров", "+79031112233", "Хочу вернуть товар"],
];
export const RULES = `format: 1
rules: shop
name: Магазин
list:
  - rule: price-intent
    name: Спрашивает цену
    on: whatsapp.message_received
    when: text.mentions(event.text, ["price", "how much", "цена", "السعر", "多少钱"])
    then: { add_tags: [price-intent] }
  - rule: returns
    name: Хочет вернуть товар
    on: whatsapp.message_received
    when: text.mentions(event.text, ["return", "вернуть"])
    then: { add_tags: [return], priority: high }
`;
const SEG = `format: 1
segment: price-askers
name: Спрашивали цену
tags: [price-intent]
`;
export async function world() {
  const at = await serve();
  const { ask, base } = at;
  const session = await ask("GET", "/session");
  const mia = session.user;
  // an agent
  const invited = await ask("POST", "/users", {
    name: "Анна Кузнецова",
    email: "anna@example.com",
    role: "agent",
    language: "ru",
  });
  const token = invited.invitation.split("#")[1];
  const joined = await fetch(`${base}/api/v1/invitation`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, name: "Анна Кузнецова", password: "a sentence is easier to remember" }),
  });
  const { csrf, user: anna } = await joined.json();
  const value = joined.headers.get("set-cookie").match(/session=([^;]+)/)[1];
  const askAnna = async (method, path, given, revision) => {
    const answer = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: {
        "content-type": "application/json",
        cookie: `session=${value}`,
        "x-csrf-token": csrf,
        ...(revision && { "if-match": `"${revision}"` }),
      },
      ...(given && { body: JSON.stringify(given) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const agent = { base, cookies: [{ name: "session", value, url: base }], ask: askAnna, user: anna };
  await ask(
    "PUT",
    "/teams/care",
    {
      name: "Забота о клиентах",
      members: [
        { user: mia.id, skills: [], languages: ["en"] },
        { user: anna.id, skills: ["refunds"], languages: ["ru", "ar"] },
      ],
      accept_within_ms: 600_000,
      first_ms: 300_000,
      second_ms: 200_000,
    },
    "0",
  );
  await ask("PUT", "/teams/sales", { name: "Sales", members: [{ user: mia.id, skills: [], languages: [] }] }, "0");
  const made = await ask("POST", "/rules", { text: RULES });
  await ask("POST", "/rules/shop/publish", { revision: made.draft.revision, comment: "first" });
  await ask("POST", "/workspace/import", { documents: [{ path: "seg.yaml", text: SEG }], publish: true });
  await ask("POST", "/play", {
    what: "order",
    name: "王伟",
    from: "+8613800138000",
    order: { items: [{ sku: "TEA-1", quantity: 1, price: 2500, currency: "CNY" }] },
  });
  for (const [name, from, text] of NAMES) await ask("POST", "/play", { what: "message", name, from, text });
  for (const what of ["photo", "voice", "document", "location"])
    await ask("POST", "/play", { what, name: NAMES[0][0], from: NAMES[0][1], text: "Вот" });
  const talks = await until("talks", async () => {
    const { conversations } = await ask("GET", "/conversations?box=all");
    return conversations.length >= NAMES.length && conversations;
  });
  return { at, mia, agent, talks };
}
export const talkOf = (talks, name) => talks.find((one) => one.contact.name === name);
