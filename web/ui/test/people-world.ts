/** The people of the fake server: agents, teams, conversations and what was said in them. */
import { ago, contacts } from "./world.ts";

export const anna = { id: "usr_1", name: "Anna Ricci" };
export const mark = { id: "usr_2", name: "Марк Орлов" };
export const layla = { id: "usr_3", name: "ليلى حداد" };
export const li = { id: "usr_4", name: "李娜" };

export const inboxPermissions = [
  { id: "inbox.read", what: "See escalations and the inbox" },
  { id: "inbox.work", what: "Take escalations and answer" },
  { id: "inbox.all", what: "See all conversations, reassign them, read the team's figures" },
];

const agent = (
  user: { id: string; name: string },
  state: string,
  load: number,
  languages: string[],
  online = true,
) => ({
  user,
  state,
  since: ago(load * 4 + 3),
  online,
  load,
  limit: 6,
  teams: user === mark ? ["sales"] : ["care", "sales"],
  languages,
  skills: user === li ? ["returns", "b2b"] : ["returns"],
});

export const agents = [
  agent(anna, "available", 2, ["it", "en"]),
  agent(mark, "busy", 5, ["ru", "en"]),
  agent(layla, "break", 0, ["ar", "en"]),
  agent(li, "available", 1, ["zh", "en"], false),
];

export const teams = [
  {
    id: "care",
    revision: "2",
    name: "Customer care",
    members: [anna, layla, li].map(({ id }) => ({ user: id, skills: ["returns"], languages: [] as string[] })),
    calendar: "shop-hours",
    first_ms: 8_000,
    second_ms: 6_000,
    accept_within_ms: 20_000,
    wrap_up_ms: 15_000,
    load_limit: 6,
    fallback: ["wa-it"],
    away_text: { en: "Nobody is here right now. We call you back tomorrow from 9.", it: "Al momento non c’è nessuno." },
    call_back: true,
    call_back_ticket: true,
    call_back_crm: null,
    owner_to_crm: "leads",
  },
  {
    id: "sales",
    revision: "1",
    name: "Vendite e preventivi",
    members: [mark, anna].map(({ id }) => ({ user: id, skills: [] as string[], languages: [] as string[] })),
    calendar: null,
    first_ms: 8_000,
    second_ms: 6_000,
    accept_within_ms: 20_000,
    wrap_up_ms: 0,
    load_limit: 4,
    fallback: [],
    away_text: {},
    call_back: false,
    call_back_ticket: true,
    call_back_crm: null,
    owner_to_crm: "always",
  },
];

export const profiles = agents.map(({ user, languages, skills, limit }) => ({
  user,
  languages,
  skills,
  limit,
  handles: user === anna ? { slack: "U0ANNA" } : {},
  revision: "1",
}));

export const REASONS = [
  "The customer asks for a person",
  "Жалоба на повреждённую упаковку и неработоспособность электрооборудования",
  "طلب استرجاع المبلغ",
  "订单迟到三天",
];
export const LAST = [
  "voglio parlare con una persona, per favore",
  "Здравствуйте! Электрочайник приехал с трещиной, что делать?",
  "أريد استرجاع المبلغ من فضلك",
  "我的订单在哪里？",
];

export interface FakeMessage {
  id: string;
  at: string;
  direction: string;
  by: string;
  [field: string]: unknown;
}

const plain = {
  agent: null,
  flow: null,
  run: null,
  type: "text",
  text: null,
  media: null,
  quote: null,
  reactions: [],
  buttons: [],
  template: null,
  status: null,
  status_at: null,
  error: null,
  mentions: [],
};

let count = 0;
export function message(direction: string, by: string, more: object = {}): FakeMessage {
  count += 1;
  const status = direction === "out" ? "read" : direction === "in" ? "received" : null;
  return { ...plain, id: `msg_${count}`, at: new Date().toISOString(), direction, by, status, ...more };
}

/** What was said with a customer before the page was opened; the first one has a bit of everything. */
function history(at: number, language: string): FakeMessage[] {
  const words = LAST[["it", "ru", "ar", "zh"].indexOf(language)] ?? "Where is my order? It should have come on Monday.";
  const bot = { flow: "order-to-ticket", run: "run_00099996" };
  const base = at * 7;
  const short = [
    message("in", "customer", { at: ago(base + 42), text: "Ciao! 👋" }),
    message("out", "flow", {
      at: ago(base + 41),
      ...bot,
      text: "Ciao! Your order 8841 is confirmed. What can we do for you?",
      buttons: ["Where is it?", "Talk to a person"],
    }),
    message("in", "customer", { at: ago(base + 3), text: words }),
  ];
  if (at !== 0) return short;
  const past = Array.from({ length: 230 }, (_, n) =>
    message(n % 2 ? "out" : "in", n % 2 ? "flow" : "customer", {
      at: ago(9_000 - n * 30),
      ...(n % 2 && bot),
      text: n % 2 ? `Your order ${8600 + n} is on its way.` : `And order ${8601 + n}?`,
    }),
  );
  const photo = message("in", "customer", {
    at: ago(30),
    type: "image",
    text: "È arrivato così…",
    media: { id: "med_1", kind: "image", name: "box.jpg", size: 184_320 },
  });
  return [
    ...past,
    ...short,
    photo,
    message("out", "agent", {
      at: ago(28),
      agent: anna,
      text: "Mi dispiace molto! Te ne mandiamo subito un altro.",
      quote: { id: photo.id, text: "È arrivato così…" },
      reactions: [{ by: "customer", emoji: "❤️" }],
    }),
    message("note", "agent", {
      at: ago(27),
      agent: anna,
      text: "@Марк Орлов the third broken box this week, is it the packing?",
      mentions: [mark],
    }),
    message("in", "customer", {
      at: ago(20),
      type: "audio",
      media: { id: "med_2", kind: "audio", name: null, size: 48_000 },
    }),
    message("in", "customer", {
      at: ago(19),
      type: "document",
      media: { id: "med_3", kind: "document", name: "ricevuta-2026-11.pdf", size: 91_000 },
    }),
    message("out", "app", { at: ago(12), text: "Scrivo dal telefono: il corriere passa domani.", status: "delivered" }),
    message("out", "flow", {
      at: ago(10),
      ...bot,
      template: "order_reminder",
      type: "template",
      text: "Giulia, your parcel comes tomorrow between 9 and 12.",
      status: "failed",
      error: { code: "131026", words: "the number cannot receive this message" },
    }),
    message("out", "agent", { at: ago(6), agent: anna, text: "Va bene così?", status: "sent" }),
    message("in", "customer", { at: ago(3), text: words }),
  ];
}

const owners = [anna, anna, null, null, mark, null, layla];

export const chats = contacts.slice(0, 60).map((contact, at) => {
  const messages = history(at, contact.language);
  const last = messages.at(-1) as FakeMessage;
  const closed = at % 9 === 8;
  return {
    chat: {
      id: `cnv_${at}`,
      contact: {
        id: contact.id,
        name: contact.name,
        phone: contact.phone,
        language: contact.language,
        priority: contact.priority,
        tags: contact.tags.map(({ tag }) => tag),
        order_status: contact.order_status,
      },
      channel: at === 5 ? "telegram" : "whatsapp",
      connection: "wa-it",
      state: closed ? "closed" : "open",
      assignee: closed ? null : (owners[at % owners.length] ?? null),
      team: at % 2 ? "sales" : "care",
      unread: at === 0 ? 2 : at % 4 === 3 ? 1 : 0,
      last_message: {
        direction: last.direction,
        by: last.by,
        text: last.text as string | null,
        type: "text",
        at: last.at,
        status: null,
      },
      window_closes_at: at === 1 ? ago(30) : at === 2 ? ago(-9) : ago(-1330 + at * 7),
      escalation: null as string | null,
      bot:
        at === 0
          ? { state: "paused", until: ago(-60), run: "run_00099996", flow: "order-to-ticket" }
          : { state: at % 3 ? "none" : "working", until: null, run: null, flow: null },
      session: { opened_at: ago(at * 7 + 42), messages: messages.length },
      rev: 1,
    },
    messages,
  };
});

export const templates = [
  {
    name: "order_reminder",
    language: "it",
    category: "UTILITY",
    body: "Ciao {{1}}, il tuo ordine {{2}} arriva domani tra le 9 e le 12.",
    params: ["name", "order"],
  },
  {
    name: "order_reminder",
    language: "ru",
    category: "UTILITY",
    body: "{{1}}, ваш заказ {{2}} приедет завтра с 9 до 12.",
    params: ["name", "order"],
  },
  {
    name: "we_are_back",
    language: "en",
    category: "UTILITY",
    body: "Hello {{1}}, we have an answer for you. Reply to read it.",
    params: ["name"],
  },
  { name: "opening_hours", language: "ar", category: "MARKETING", body: "نحن هنا كل يوم من 9 إلى 18.", params: [] },
];

export const snippets = [
  {
    id: "sorry",
    revision: "1",
    title: "We are sorry",
    shortcut: "sorry",
    texts: {
      en: "I am sorry about that. I look into it right now.",
      it: "Mi dispiace. Controllo subito.",
      ru: "Извините за это. Сейчас всё проверю.",
      ar: "نعتذر عن ذلك. سأتحقق من الأمر حالًا.",
      zh: "非常抱歉，我马上查看。",
    } as Record<string, string>,
  },
  {
    id: "hours",
    revision: "1",
    title: "Opening hours",
    shortcut: "hours",
    texts: { en: "We are here every day from 9 to 18." },
  },
  {
    id: "return",
    revision: "1",
    title: "How to return",
    shortcut: "return",
    texts: { en: "Put it in the box, we come and get it." },
  },
];

const spread = (p50: number, p90: number) => ({ p50, p90 });
const figureRows = (by: string) =>
  (by === "agent"
    ? [anna, mark, layla, li].map(({ id, name }) => [id, name])
    : by === "team"
      ? teams.map(({ id, name }) => [id, name])
      : by === "flow"
        ? [
            ["order-to-ticket", "Order to ticket"],
            ["complaint-handover", "Complaint to a person in 20 seconds"],
          ]
        : Array.from({ length: 7 }, (_, at) => [ago(at * 1440).slice(0, 10), ""])
  ).map(([key, name], at) => ({
    key,
    name,
    conversations: 182 - at * 23,
    first_response_ms: spread(21_000 + at * 9_000, 84_000 + at * 40_000),
    accept_ms: spread(5_200 + at * 1_300, 11_000 + at * 2_600),
    resolution_ms: spread(960_000 + at * 300_000, 5_400_000 + at * 900_000),
    satisfaction: { mean: at === 3 ? null : 4.7 - at * 0.2, n: at === 3 ? 0 : 61 - at * 8 },
    within: 0.99 - at * 0.035,
    human_share: 0.18 + at * 0.04,
    missed: at,
  }));

export const figures = (by: string) => {
  const rows = figureRows(by);
  return { rows, total: { ...rows[1], key: "", name: null, conversations: 590 }, complete: true };
};

const NEEDED = [0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 5, 5, 4, 3, 4, 5, 6, 5, 4, 3, 2, 1, 1, 0];
const THERE = [0, 0, 0, 0, 0, 0, 0, 0, 3, 4, 4, 4, 4, 4, 4, 4, 4, 4, 2, 2, 2, 1, 0, 0];
const ASKED = [0, 0, 0, 0, 0, 0, 1, 3, 9, 18, 24, 22, 17, 12, 18, 24, 29, 22, 17, 11, 8, 4, 2, 1];

/** Six days of work and a Sunday on which nobody comes. */
export const staffing = {
  zone: "UTC",
  since: ago(28 * 1440),
  within_ms: 20_000,
  share: 0.95,
  places: 6,
  handling_ms: 412_000,
  handled: 1873,
  hours: Array.from({ length: 168 }, (_, at) => {
    const [day, hour] = [Math.floor(at / 24), at % 24];
    const open = day < 6 && hour > 5;
    const of = (list: number[]) => (open ? Math.max(0, (list[hour] ?? 0) - (day === 5 ? 2 : 0)) : 0);
    return {
      at: new Date(Date.UTC(2026, 10, 16) + at * 3_600_000).toISOString(),
      weekday: day + 1,
      hour,
      weeks: 4,
      needed: of(NEEDED),
      present: of(THERE),
      arrivals: of(ASKED),
      open,
    };
  }),
};
