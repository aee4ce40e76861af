/** What the desk and the inbox of the fake server are made of: offers that climb the ladder by real seconds, conversations that live. */
import { anna, chats, type FakeMessage, LAST, layla, mark, message, REASONS, templates } from "./people-world.ts";

export class Refusal {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly message: string,
    readonly details: unknown = null,
  ) {}
}

type User = { id: string; name: string };
// biome-ignore lint/suspicious/noExplicitAny: bodies of a fake are read as they come.
export type Asked = { params: Record<string, string>; query: URLSearchParams; body: any; user: User };
type Say = (kind: string, data: object) => void;

export let say: Say = () => {};
/** Where notices go. */
export function onNotice(to: Say): void {
  say = to;
}

export const people = [anna, mark, layla];
/** Whose cookie it is; Anna's without one. */
export const whose = (cookie: string | undefined): User =>
  people.find(({ id }) => cookie?.includes(`who=${id}`)) ?? anna;

export const iso = (ms = 0) => new Date(Date.now() + ms).toISOString();
export const from = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

interface Offered {
  id: string;
  team: string;
  state: string;
  conversation: string;
  received: number;
  rung: number;
  to: User[];
  until: number;
  by: User | null;
  accepted: number | null;
  reason: string;
  timers: NodeJS.Timeout[];
}

export const escalations: Offered[] = [];
export const today = { taken: 41, kept: 40, fallback: 1, missed: 1, out_of_hours: 3, median_ms: 6_200 };

export const chatOf = (id: string | undefined) => {
  const found = chats.find(({ chat }) => chat.id === id);
  if (!found) throw new Refusal(404, "not_found", "there is no such conversation");
  return found;
};

export function shown(one: Offered, user: User) {
  const { chat, messages } = chatOf(one.conversation);
  const last = messages.filter(({ direction }) => direction === "in").at(-1);
  const open = ["waiting", "offered", "team"].includes(one.state);
  return {
    id: one.id,
    kind: "escalation",
    team: one.team,
    reason: one.reason,
    state: one.state,
    contact: chat.contact,
    conversation: chat.id,
    run: "run_00099996",
    received_at: new Date(one.received).toISOString(),
    provider_at: new Date(one.received - 700).toISOString(),
    deadline: new Date(one.received + 20_000).toISOString(),
    accepted_at: one.accepted && new Date(one.accepted).toISOString(),
    accepted_by: one.by,
    answered_at: null,
    offer: open
      ? { to: one.to, since: iso(), until: new Date(one.until).toISOString(), rung: one.rung, rungs: 3 }
      : null,
    to_me: open && one.to.some(({ id }) => id === user.id),
    mine: one.by?.id === user.id,
    last_message: last ? { text: last.text, at: last.at } : null,
    kept: one.accepted ? one.accepted - one.received <= 20_000 : one.state === "missed" ? false : null,
    fallback: one.state === "missed" ? { notified_at: iso(), told_at: iso() } : null,
  };
}

export const tell = (one: Offered) =>
  say("escalation", {
    id: one.id,
    state: one.state,
    team: one.team,
    deadline: new Date(one.received + 20_000).toISOString(),
    to: one.to.map(({ id }) => id),
    now: iso(),
  });

function over(one: Offered, state: string): void {
  for (const timer of one.timers) clearTimeout(timer);
  one.state = state;
  tell(one);
}

/** `age` in ms: as if it had come so long ago. */
export function ask(conversation: string, { age = 0, first = anna, hold = false } = {}): Offered {
  const n = escalations.length;
  const one: Offered = {
    id: `esc_${n + 1}`,
    team: "care",
    state: "offered",
    conversation,
    received: Date.now() - age,
    rung: 1,
    to: [first],
    until: Date.now() + 8_000,
    by: null,
    accepted: null,
    reason: from(REASONS, n),
    timers: [],
  };
  escalations.push(one);
  chatOf(conversation).chat.escalation = one.id;
  if (!hold) {
    const rung = (after: number, then: () => void) => one.timers.push(setTimeout(then, Math.max(0, after - age)));
    const offer = (state: string, rungNo: number, to: User[], until: number) => {
      Object.assign(one, { state, rung: rungNo, to, until: one.received + until });
      tell(one);
    };
    rung(8_000, () => offer("offered", 2, [first === anna ? layla : anna], 14_000));
    rung(14_000, () => offer("team", 3, [anna, layla], 20_000));
    rung(20_000, () => {
      today.missed += 1;
      over(one, "missed");
    });
  }
  tell(one);
  return one;
}

export function found(id: string | undefined): Offered {
  const one = escalations.find((each) => each.id === id);
  if (!one) throw new Refusal(404, "not_found", "there is no such escalation");
  return one;
}

export function taken(one: Offered, by: User): void {
  const { chat } = chatOf(one.conversation);
  Object.assign(one, { by, accepted: Date.now() });
  Object.assign(chat, { assignee: by, escalation: null, bot: { ...chat.bot, state: "paused" } });
  today.taken += 1;
  today.kept += 1;
  over(one, "taken");
  say("conversation", { id: chat.id, contact: chat.contact.id });
}

export function add(id: string | undefined, said: FakeMessage): FakeMessage {
  const { chat, messages } = chatOf(id);
  messages.push(said);
  chat.last_message = {
    direction: said.direction,
    by: said.by,
    text: said.text as string | null,
    type: said.type as string,
    at: said.at,
    status: (said.status as null) ?? null,
  };
  if (said.direction === "in") Object.assign(chat, { unread: chat.unread + 1, window_closes_at: iso(86_400_000) });
  say("conversation", { id: chat.id, contact: chat.contact.id });
  return said;
}

/** Ticks, one after the other. */
export function deliver(id: string, said: FakeMessage): void {
  for (const [at, status] of [
    [300, "sent"],
    [900, "delivered"],
    [2_500, "read"],
  ] as const) {
    setTimeout(() => {
      Object.assign(said, { status, status_at: iso() });
      say("conversation", { id });
    }, at);
  }
}

export function send({ params, body, user }: Asked) {
  const { chat, messages } = chatOf(params.id);
  const before = messages.find((each) => each.key === body.key);
  if (before) return { message: before };
  if (chat.assignee && chat.assignee.id !== user.id && user !== anna)
    throw new Refusal(409, "not_yours", "somebody else has this conversation", { by: chat.assignee });
  if (body.text && Date.parse(chat.window_closes_at) < Date.now())
    throw new Refusal(409, "window_closed", "the customer wrote more than 24 hours ago: only a template may be sent");
  const quoted = messages.find((each) => each.id === body.quote);
  const template = templates.find(
    ({ name, language }) => name === body.template?.name && language === body.template?.language,
  );
  const text =
    body.text ??
    template?.body.replace(/\{\{(\d)\}\}/g, (_, n) => Object.values<string>(body.template.params)[Number(n) - 1] ?? "");
  const said = message("out", "agent", {
    key: body.key,
    agent: user,
    text,
    type: template ? "template" : "text",
    template: template?.name ?? null,
    quote: quoted ? { id: quoted.id, text: quoted.text } : null,
    status: "accepted",
  });
  chat.assignee ??= user;
  add(params.id, said);
  deliver(chat.id, said);
  return { message: said };
}

export function detail({ params, user }: Pick<Asked, "params" | "user">) {
  const { chat } = chatOf(params.id);
  return {
    ...chat,
    runs: [
      { id: "run_00099996", flow: "order-to-ticket", status: "waiting" },
      { id: "run_00099991", flow: "price-autoreply", status: "done" },
    ],
    held:
      chat.id === "cnv_0"
        ? [
            {
              run: "run_00099996",
              flow: "order-to-ticket",
              text: "Did the parcel arrive?",
              template: null,
              expires_at: iso(3_600_000),
            },
          ]
        : [],
    others: [mark].filter(({ id }) => id !== user.id && chat.id === "cnv_0"),
    typing: [],
    mentions: 0,
  };
}

export const change = (asked: Asked, what: object) => {
  const { chat } = chatOf(asked.params.id);
  Object.assign(chat, what, { rev: chat.rev + 1 });
  say("conversation", { id: chat.id, contact: chat.contact.id });
  return detail(asked);
};

export function list({ query, user }: Asked) {
  const box = query.get("box") ?? "all";
  const text = query.get("text")?.toLowerCase() ?? "";
  const inBox = {
    mine: (one: (typeof chats)[0]["chat"]) => one.state === "open" && one.assignee?.id === user.id,
    unassigned: (one: (typeof chats)[0]["chat"]) => one.state === "open" && one.assignee === null,
    all: (one: (typeof chats)[0]["chat"]) => one.state === "open",
    closed: (one: (typeof chats)[0]["chat"]) => one.state === "closed",
  };
  const all = chats.map(({ chat }) => chat);
  const fits = all
    .filter(inBox[box as keyof typeof inBox])
    .filter(({ contact }) => !text || `${contact.name} ${contact.phone}`.toLowerCase().includes(text))
    .sort((one, other) => other.last_message.at.localeCompare(one.last_message.at));
  const start = query.get("after") ? fits.findIndex(({ id }) => id === query.get("after")) + 1 : 0;
  const limit = Number(query.get("limit") ?? 40);
  const shownNow = process.env.EMPTY ? [] : fits.slice(start, start + limit);
  return {
    conversations: shownNow,
    counts: {
      ...Object.fromEntries(
        (["mine", "unassigned", "all"] as const).map((name) => [name, all.filter(inBox[name]).length]),
      ),
      mentions: 0,
    },
    next: start + limit < fits.length ? shownNow.at(-1)?.id : null,
  };
}

export const story = (one: Offered) => [
  { at: new Date(one.received).toISOString(), after_ms: 0, what: "asked", who: null, why: one.reason },
  {
    at: new Date(one.received + 40).toISOString(),
    after_ms: 40,
    what: "offered",
    who: anna,
    why: "least_loaded",
    passed: [
      { agent: { id: "usr_4", name: "李娜" }, why: "offline" },
      { agent: mark, why: "language" },
      { agent: layla, why: "behind" },
    ],
  },
  { at: new Date(one.received + 8_040).toISOString(), after_ms: 8_040, what: "timed_out", who: anna, why: null },
  {
    at: new Date(one.received + 8_060).toISOString(),
    after_ms: 8_060,
    what: "offered",
    who: layla,
    why: "only_one",
  },
  {
    at: new Date(one.received + 11_300).toISOString(),
    after_ms: 11_300,
    what: "declined",
    who: layla,
    why: "busy",
  },
  { at: new Date(one.received + 11_320).toISOString(), after_ms: 11_320, what: "team", who: null, why: null },
  {
    at: new Date(one.received + 14_000).toISOString(),
    after_ms: 14_000,
    what: "fallback_told",
    who: null,
    why: "wa-it",
  },
  { at: new Date(one.received + 20_000).toISOString(), after_ms: 20_000, what: "missed", who: null, why: null },
  { at: new Date(one.received + 20_050).toISOString(), after_ms: 20_050, what: "customer_told", who: null, why: null },
];

export const open = (one: Offered) => ["waiting", "offered", "team"].includes(one.state);

// Two misses of this morning, for the team lead's page.
for (const [at, conversation] of ["cnv_3", "cnv_6"].entries()) {
  const one = ask(conversation, { age: (at + 1) * 3_000_000, hold: true });
  one.state = at === 0 ? "missed" : "out_of_hours";
}

/** Customers come and write by themselves: `LIVELY=1 npm run preview:fake`. */
if (process.env.LIVELY) {
  let n = 0;
  setInterval(() => {
    n += 1;
    const { chat } = from(chats, n * 3 + 2);
    add(chat.id, message("in", "customer", { text: from(LAST, n) }));
    if (n % 3 === 0) ask(chat.id);
  }, 9_000);
}
