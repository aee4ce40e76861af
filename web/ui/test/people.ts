/** Desk and inbox of the fake server: each address with what it answers. */
import {
  type Asked,
  add,
  ask,
  change,
  chatOf,
  deliver,
  detail,
  escalations,
  found,
  from,
  iso,
  list,
  open,
  Refusal,
  say,
  send,
  shown,
  story,
  taken,
  tell,
  today,
} from "./people-desk.ts";
import {
  agents,
  figures,
  LAST,
  layla,
  mark,
  message,
  profiles,
  snippets,
  staffing,
  teams,
  templates,
} from "./people-world.ts";

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
