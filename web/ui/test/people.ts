/** Desk and inbox of the fake server: offers that climb the ladder by real seconds, conversations that live. */
import {
  agents,
  anna,
  chats,
  type FakeMessage,
  figures,
  LAST,
  layla,
  mark,
  message,
  profiles,
  REASONS,
  snippets,
  staffing,
  teams,
  templates,
} from "./people-world.ts";

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
type Asked = { params: Record<string, string>; query: URLSearchParams; body: any; user: User };
type Say = (kind: string, data: object) => void;

let say: Say = () => {};
/** Where notices go. */
export function onNotice(to: Say): void {
  say = to;
}

const people = [anna, mark, layla];
/** Whose cookie it is; Anna's without one. */
export const whose = (cookie: string | undefined): User =>
  people.find(({ id }) => cookie?.includes(`who=${id}`)) ?? anna;

const iso = (ms = 0) => new Date(Date.now() + ms).toISOString();
const from = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

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

const escalations: Offered[] = [];
const today = { taken: 41, kept: 40, fallback: 1, missed: 1, out_of_hours: 3, median_ms: 6_200 };

const chatOf = (id: string | undefined) => {
  const found = chats.find(({ chat }) => chat.id === id);
  if (!found) throw new Refusal(404, "not_found", "there is no such conversation");
  return found;
};

function shown(one: Offered, user: User) {
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

const tell = (one: Offered) =>
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

function found(id: string | undefined): Offered {
  const one = escalations.find((each) => each.id === id);
  if (!one) throw new Refusal(404, "not_found", "there is no such escalation");
  return one;
}

function taken(one: Offered, by: User): void {
  const { chat } = chatOf(one.conversation);
  Object.assign(one, { by, accepted: Date.now() });
  Object.assign(chat, { assignee: by, escalation: null, bot: { ...chat.bot, state: "paused" } });
  today.taken += 1;
  today.kept += 1;
  over(one, "taken");
  say("conversation", { id: chat.id, contact: chat.contact.id });
}

function add(id: string | undefined, said: FakeMessage): FakeMessage {
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
function deliver(id: string, said: FakeMessage): void {
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

function send({ params, body, user }: Asked) {
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

function detail({ params, user }: Pick<Asked, "params" | "user">) {
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
  };
}

const change = (asked: Asked, what: object) => {
  const { chat } = chatOf(asked.params.id);
  Object.assign(chat, what, { rev: chat.rev + 1 });
  say("conversation", { id: chat.id, contact: chat.contact.id });
  return detail(asked);
};

function list({ query, user }: Asked) {
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
    counts: Object.fromEntries(
      (["mine", "unassigned", "all"] as const).map((name) => [name, all.filter(inBox[name]).length]),
    ),
    next: start + limit < fits.length ? shownNow.at(-1)?.id : null,
  };
}

const story = (one: Offered) => [
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

const open = (one: Offered) => ["waiting", "offered", "team"].includes(one.state);

// Two misses of this morning, for the team lead's page.
for (const [at, conversation] of ["cnv_3", "cnv_6"].entries()) {
  const one = ask(conversation, { age: (at + 1) * 3_000_000, hold: true });
  one.state = at === 0 ? "missed" : "out_of_hours";
}

export const PEOPLE: [string, (asked: Asked) => unknown][] = [
  [
    "GET /desk",
    ({ user }) => ({
      now: iso(),
      me: agents.find((agent) => agent.user.id === user.id) ?? null,
      agents,
      waiting: escalations.filter(open).map((one) => shown(one, user)),
      today,
    }),
  ],
  [
    "PUT /desk/me",
    ({ body, user }) => {
      const me = agents.find((agent) => agent.user.id === user.id);
      if (!me) throw new Refusal(404, "no_agent", "you are in no team");
      Object.assign(me, { state: body.state, since: iso() });
      say("presence", { id: user.id, state: me.state, online: true, load: me.load });
      return me;
    },
  ],
  [
    "POST /desk/me/beat",
    ({ user }) => ({ now: iso(), state: agents.find((agent) => agent.user.id === user.id)?.state ?? "away" }),
  ],
  [
    "GET /escalations",
    ({ query, user }) => ({
      escalations: escalations
        .filter((one) => !query.get("missed") || ["missed", "out_of_hours"].includes(one.state))
        .filter((one) => !query.get("open") || open(one))
        .map((one) => shown(one, user)),
      next: null,
    }),
  ],
  [
    "GET /escalations/:id",
    ({ params, user }) => ({ ...shown(found(params.id), user), story: story(found(params.id)) }),
  ],
  [
    "POST /escalations/:id/take",
    ({ params, user }) => {
      const one = found(params.id);
      if (one.by && one.by.id !== user.id)
        throw new Refusal(409, "taken", `${one.by.name} has it`, { by: one.by, at: new Date(one.accepted ?? 0) });
      if (!one.by) taken(one, user);
      return shown(one, user);
    },
  ],
  [
    "POST /escalations/:id/decline",
    ({ params, user }) => {
      const one = found(params.id);
      one.to = one.to.filter(({ id }) => id !== user.id);
      tell(one);
      return {};
    },
  ],
  ["POST /conversations/:id/escalate", ({ params, user }) => shown(ask(params.id ?? ""), user)],
  ["GET /teams", () => ({ teams, agents: profiles })],
  [
    "PUT /teams/:id",
    ({ params, body }) => {
      const old = teams.find(({ id }) => id === params.id);
      if (old) Object.assign(old, body, { revision: String(Number(old.revision) + 1) });
      else teams.push({ ...body, id: params.id, revision: "1" });
      return {};
    },
  ],
  [
    "DELETE /teams/:id",
    ({ params }) => {
      teams.splice(
        teams.findIndex(({ id }) => id === params.id),
        1,
      );
      return {};
    },
  ],
  [
    "PUT /agents/:user",
    ({ params, body }) => Object.assign(profiles.find(({ user }) => user.id === params.user) ?? {}, body),
  ],
  ["GET /figures/people", ({ query }) => figures(query.get("by") ?? "agent")],
  ["GET /figures/staffing", () => staffing],
  ["GET /conversations", list],
  ["GET /conversations/:id", detail],
  [
    "GET /conversations/:id/messages",
    ({ params, query }) => {
      const { messages } = chatOf(params.id);
      const before = query.get("before");
      const end = before ? messages.findIndex(({ id }) => id === before) : messages.length;
      const start = Math.max(0, end - Number(query.get("limit") ?? 40));
      return { messages: messages.slice(start, end).reverse(), next: start > 0 ? messages[start]?.id : null };
    },
  ],
  ["POST /conversations/:id/messages", send],
  [
    "POST /conversations/:id/messages/:message/resend",
    ({ params }) => {
      const said = chatOf(params.id).messages.find(({ id }) => id === params.message);
      if (said) {
        Object.assign(said, { status: "accepted", error: null });
        deliver(params.id ?? "", said);
      }
      return {};
    },
  ],
  [
    "POST /conversations/:id/notes",
    (asked) => {
      const mentions = agents.map(({ user }) => user).filter(({ id }) => asked.body.mentions.includes(id));
      add(asked.params.id, message("note", "agent", { agent: asked.user, text: asked.body.text, mentions }));
      return detail(asked);
    },
  ],
  [
    "PUT /conversations/:id/assignee",
    (asked) => {
      const to = agents.find(({ user }) => user.id === asked.body.agent)?.user ?? null;
      return change(asked, { assignee: to, team: asked.body.team ?? chatOf(asked.params.id).chat.team });
    },
  ],
  ["POST /conversations/:id/close", (asked) => change(asked, { state: "closed", assignee: null })],
  ["POST /conversations/:id/reopen", (asked) => change(asked, { state: "open" })],
  [
    "POST /conversations/:id/bot",
    (asked) =>
      change(asked, {
        bot: {
          ...chatOf(asked.params.id).chat.bot,
          state: { continue: "working", pause: "paused", end: "none" }[asked.body.do as "end"],
        },
      }),
  ],
  [
    "POST /conversations/:id/read",
    (asked) => {
      const { chat } = chatOf(asked.params.id);
      if (chat.unread > 0) change(asked, { unread: 0 });
      return detail(asked);
    },
  ],
  [
    "POST /conversations/:id/typing",
    ({ params, user }) => {
      say("typing", { id: params.id, user: user.id, name: user.name });
      return {};
    },
  ],
  ["POST /conversations/:id/flow", (asked) => change(asked, { bot: { state: "working", until: null, run: null } })],
  ["POST /conversations/:id/ticket", (asked) => detail(asked)],
  [
    "PUT /conversations/:id/order-status",
    (asked) => change(asked, { contact: { ...chatOf(asked.params.id).chat.contact, order_status: asked.body.status } }),
  ],
  [
    "PUT /conversations/:id/priority",
    (asked) => change(asked, { contact: { ...chatOf(asked.params.id).chat.contact, priority: asked.body.priority } }),
  ],
  ["GET /conversations/:id/templates", () => ({ templates })],
  [
    "GET /conversations/:id/flows",
    () => ({
      flows: [
        { id: "satisfaction-survey", name: "Satisfaction survey" },
        { id: "appointment-reminder", name: "Appointment reminder" },
      ],
    }),
  ],
  ["GET /snippets", () => ({ snippets })],
  [
    "PUT /snippets/:id",
    ({ params, body }) => {
      const old = snippets.find(({ id }) => id === params.id);
      if (old) Object.assign(old, body);
      else snippets.push({ ...body, id: params.id, revision: "1" });
      return {};
    },
  ],
  [
    "DELETE /snippets/:id",
    ({ params }) => {
      snippets.splice(
        snippets.findIndex(({ id }) => id === params.id),
        1,
      );
      return {};
    },
  ],
  // What tests have the world do: no page knows it.
  [
    "POST /fake",
    ({ body }) => {
      if (body.do === "offer") return { id: ask(body.conversation ?? "cnv_2", { age: body.age ?? 0 }).id };
      if (body.do === "lose") taken(found(body.id), layla);
      if (body.do === "say") add(body.conversation, message("in", "customer", { text: body.text ?? from(LAST, 0) }));
      if (body.do === "close_window") {
        chatOf(body.conversation).chat.window_closes_at = iso(body.after ?? 0);
        say("conversation", { id: body.conversation });
      }
      if (body.do === "typing") say("typing", { id: body.conversation, user: mark.id, name: mark.name });
      return {};
    },
  ],
];

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
