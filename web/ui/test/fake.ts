/** A server of the shape the app expects, in memory, for looking at pages without one. Tests of behaviour use the real one. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { PEOPLE } from "./people.ts";
import { onNotice, Refusal, whose } from "./people-desk.ts";
import { inboxPermissions } from "./people-world.ts";
import * as world from "./world.ts";

type Params = Record<string, string>;
type Answer = (request: {
  params: Params;
  query: URLSearchParams;
  body: Record<string, string>;
  user: { id: string; name: string };
}) => unknown;

const state = { signedIn: true, stops: [] as object[], text: world.draft, revision: 1, chat: [] as object[] };

const session = (who = "usr_1") => ({
  user: world.users.find(({ id }) => id === who),
  permissions: [...world.permissions, ...inboxPermissions].map(({ id }) => id),
  csrf: "csrf",
  setup_needed: false,
  sandbox: true,
});

const has = (text: string | null, ...fields: (string | null)[]) =>
  !text || fields.some((field) => field?.toLowerCase().includes(text.toLowerCase()));

function page<T>(list: T[], query: URLSearchParams, key: (item: T) => string) {
  const limit = Number(query.get("limit") ?? 100);
  const after = query.get("after") ?? query.get("before");
  const start = after ? list.findIndex((item) => key(item) === after) + 1 : 0;
  const items = list.slice(start, start + limit);
  return { items, next: start + limit < list.length ? key(items.at(-1) as T) : null };
}

function runs(query: URLSearchParams) {
  const limit = Number(query.get("limit") ?? 100);
  const after = query.get("after") ?? query.get("before");
  const found = [];
  for (let at = after ? world.RUNS - Number(after.slice(4)) + 1 : 0; at < world.RUNS && found.length < limit; at += 1) {
    const run = world.run(at);
    const fits = ["status", "flow", "contact"].every(
      (name) => !query.get(name) || run[name as "status"] === query.get(name),
    );
    if (fits && has(query.get("text"), run.contact_name, run.id, run.error)) found.push(run);
  }
  return { runs: found, next: found.length === limit ? found.at(-1)?.id : null };
}

/** One that nobody looks at, one that somebody does, one that is over. */
const alarms = [
  ["alm_1", "connection/hubspot-main", "connection_down", "alarm", "open", 3],
  ["alm_2", "disk//srv/data", "disk_low", "alarm", "open", 1],
  ["alm_3", "attention/order-to-ticket/hubspot-main", "attention", "warning", "acknowledged", 2],
  ["alm_4", "escalation/esc_9", "escalation_missed", "alarm", "ended", 1],
].map(([id, key, kind, level, state, count], at) => ({
  id,
  key,
  kind,
  level,
  state,
  count,
  title: "The connection hubspot-main is down",
  text: "It cannot be reached or refuses all calls (timeout). Its calls wait in order.",
  path: "/connections",
  since: world.ago(40 + at * 60),
  last: world.ago(5 + at * 60),
  told: 2,
  acknowledged_by: state === "open" ? null : "Anna Ricci",
  acknowledged_at: null,
  ended_at: state === "ended" ? world.ago(10) : null,
  told_by: [
    { connection: "team-slack", to: null, failed: null },
    { connection: "ops-mail", to: "ops@example.com", failed: at === 0 ? "550" : null },
  ],
}));

const ROUTES: [string, Answer][] = [
  [
    "GET /session",
    ({ user }) => {
      if (!state.signedIn)
        throw new Refusal(401, "signed_out", "nobody is signed in", { setup_needed: false, oidc: [] });
      return session(user.id);
    },
  ],
  [
    "POST /session",
    ({ body }) => {
      if (body.password === "wrong")
        throw new Refusal(401, "wrong_credentials", "this address and password do not fit");
      if (body.password === "code" && !body.code) throw new Refusal(401, "code_needed", "a code is needed");
      state.signedIn = true;
      return session();
    },
  ],
  [
    "DELETE /session",
    () => {
      state.signedIn = false;
      return {};
    },
  ],
  ["POST /setup", () => session()],
  ["POST /invitation", () => session()],
  ["PATCH /me", () => session().user],
  [
    "POST /me/totp",
    () => ({ secret: "JBSWY3DPEHPK3PXP", otpauth: "otpauth://totp/Switchboard:anna?secret=JBSWY3DPEHPK3PXP" }),
  ],
  ["POST /me/totp/confirm", () => ({ recovery_codes: ["aaaa-bbbb", "cccc-dddd", "eeee-ffff", "gggg-hhhh"] })],
  ["GET /flows", () => ({ flows: process.env.EMPTY ? [] : world.flows })],
  ["POST /flows", ({ body }) => ({ id: body.id ?? "order-to-ticket", draft: {} })],
  [
    "PUT /flows/:id/state",
    ({ params, body }) => {
      const flow = world.flows.find(({ id }) => id === params.id);
      if (flow) flow.state = body.on ? "live" : "off";
      return { flow: params.id, state: flow?.state };
    },
  ],
  ["GET /library", () => ({ flows: world.library })],
  ["GET /library/:id", () => ({ text: "format: 1\nflow: order-to-ticket\non: whatsapp.order_received\nsteps: []\n" })],
  ["GET /runs", ({ query }) => runs(query)],
  [
    "GET /runs/:id",
    ({ params }) => ({
      ...world.run(world.RUNS - Number(params.id?.slice(4))),
      picture: world.picture,
      effects: world.calls.slice(0, 1),
      journal: world.journal,
      handling: world.journal.slice(0, 1),
      messages: [],
      trigger: {
        id: "evt_1",
        type: "whatsapp.order_received",
        connection: "wa-it",
        origin: "hook",
        at: world.ago(6),
        provider_at: null,
        body: { order: { id: "8841", total: 129.9 } },
      },
    }),
  ],
  ["GET /attention", () => ({ calls: world.calls, next: null })],
  ["GET /sending", () => ({ stops: state.stops })],
  [
    "POST /sending/stop",
    ({ body }) => {
      state.stops = [{ scope: body.scope, by: "Anna Ricci", at: new Date().toISOString(), held: world.calls }];
      return {};
    },
  ],
  [
    "POST /sending/release",
    () => {
      state.stops = [];
      return { held: world.calls };
    },
  ],
  [
    "GET /flows/:id/draft",
    () => ({
      text: world.flowText,
      revision: "3",
      based_on: "ver_1",
      changed_by: "Anna Ricci",
      changed_at: world.ago(9),
      lock: null,
      read_only: null,
    }),
  ],
  ["PUT /flows/:id/draft", () => ({ revision: "4", problems: [], changed_at: new Date().toISOString() })],
  ["PUT /flows/:id/lock", () => ({ lock: { by: "Anna Ricci", since: world.ago(1), yours: true } })],
  ["DELETE /flows/:id/lock", () => ({})],
  ["PUT /rules/:id/lock", () => ({ lock: { by: "Anna Ricci", since: world.ago(1), yours: true } })],
  ["DELETE /rules/:id/lock", () => ({})],
  [
    "GET /flows/:id/versions/:version",
    ({ params }) => ({ version: params.version, state: "live", text: world.flowText }),
  ],
  ["POST /flows/validate", () => ({ problems: [], summary: null })],
  ["GET /rules", () => ({ rules: world.rules })],
  [
    "GET /rules/:id/draft",
    () => ({
      text: state.text,
      revision: String(state.revision),
      based_on: "ver_1",
      changed_by: "Марк Орлов",
      changed_at: world.ago(30),
      lock: null,
      read_only: null,
    }),
  ],
  [
    "PUT /rules/:id/draft",
    ({ body }) => {
      state.text = body.text ?? "";
      state.revision += 1;
      const bad = !state.text.startsWith("format");
      return {
        revision: String(state.revision),
        changed_at: new Date().toISOString(),
        problems: bad
          ? [
              {
                code: "format_missing",
                severity: "error",
                line: 1,
                column: 1,
                message: "`format` is missing",
                hint: "begin with `format: 1`",
                path: null,
              },
            ]
          : [],
      };
    },
  ],
  ["POST /rules/:id/publish", () => ({ version: "ver_2" })],
  [
    "GET /contacts",
    ({ query }) => {
      const found = world.contacts.filter(
        ({ name, phone, tags }) =>
          has(query.get("text"), name, phone) && has(query.get("tag"), ...tags.map(({ tag }) => tag)),
      );
      const { items, next } = page(found, query, ({ id }) => id);
      return { contacts: items, next };
    },
  ],
  [
    "GET /contacts/:who",
    ({ params }) => ({
      ...world.contacts.find(({ id }) => id === params.who),
      tags_off: ["cold"],
      conversations: [
        {
          id: "cnv_1",
          connection: "wa-it",
          number: "+390551234567",
          address: "whatsapp:+39055",
          window_closes_at: world.ago(-600),
          last_inbound_at: world.ago(30),
          last_outbound_at: world.ago(29),
        },
      ],
    }),
  ],
  [
    "GET /contacts/:who/timeline",
    () => ({
      timeline: [
        {
          at: world.ago(2),
          kind: "message",
          ...{ id: "m1", inbound: true, text: "voglio parlare con una persona", status: "received" },
        },
        {
          at: world.ago(3),
          kind: "message",
          ...{ id: "m2", inbound: false, text: "Ciao Giulia! Il tuo ordine 8841 è confermato.", status: "read" },
        },
        { at: world.ago(4), ...world.run(4), kind: "run" },
        { at: world.ago(5), kind: "tag", tag: "vip", added: true, by: "Anna Ricci" },
      ],
      next: null,
    }),
  ],
  ["GET /connections", () => ({ connections: world.connections })],
  ["GET /alarms", () => ({ alarms, open: alarms.filter(({ state }) => state === "open").length })],
  [
    "GET /alarms/policy",
    () => ({
      routes: [{ level: "warning", connection: "team-slack", to: null }],
      working_hours: null,
      repeat_minutes: 15,
      most: 4,
      down_minutes: 5,
      disk_free_mb: 1024,
      off: ["flow_failed"],
      flows: [],
      revision: "1",
    }),
  ],
  [
    "GET /alarms/:id",
    ({ params }) => ({
      ...alarms.find(({ id }) => id === params.id),
      story: [
        { at: world.ago(40), what: "raised", by: null, connection: null, to: null, problem: null },
        { at: world.ago(39), what: "told", by: null, connection: "team-slack", to: null, problem: null },
        {
          at: world.ago(38),
          what: "not_told",
          by: null,
          connection: "ops-mail",
          to: "ops@example.com",
          problem: "550",
        },
      ],
    }),
  ],
  ["POST /alarms/:id/acknowledge", ({ params }) => alarms.find(({ id }) => id === params.id)],
  ["GET /me/push", () => ({ key: "", devices: [] })],
  [
    "POST /connections/:id/check",
    ({ params }) => ({
      connection: params.id,
      good: params.id !== "hubspot",
      findings: [
        { good: true, about: "the account", text: "the token is valid until 12 March" },
        {
          good: params.id !== "hubspot",
          about: "scopes",
          text:
            params.id === "hubspot"
              ? "the scope crm.objects.tickets.write is missing: add it to the private app"
              : "all are there",
        },
      ],
    }),
  ],
  ["PUT /connections/:id", () => ({})],
  ["GET /audit", () => ({ rows: world.journal, next: null })],
  ["POST /audit/verify", () => ({ clean: true, rows: 48210, blocks: 31 })],
  ["GET /users", () => ({ users: world.users })],
  ["POST /users", ({ body }) => ({ user: { ...world.users[2], ...body }, invitation: "/invitation#abcdef" })],
  ["GET /roles", () => ({ roles: world.roles, permissions: world.permissions })],
  [
    "GET /tokens",
    () => ({
      tokens: [
        {
          id: "tok_1",
          name: "Grafana",
          scopes: ["system.read", "figures.read"],
          expires_at: world.ago(-90000),
          last_used_at: world.ago(1),
          created_by: "Anna Ricci",
        },
      ],
    }),
  ],
  ["POST /tokens", ({ body }) => ({ token: { id: "tok_2", ...body }, secret: "sb_3f8c1d9e7a" })],
  [
    "GET /settings",
    () => ({
      name: "Acme",
      language: "en",
      time_zone: "Europe/Rome",
      country: "IT",
      oidc: [],
      approval: false,
      require_totp: ["admin"],
      changed_by: "Anna Ricci",
      changed_at: world.ago(900),
      revision: "1",
    }),
  ],
  [
    "GET /system",
    () => ({
      version: "0.1.0",
      started_at: world.ago(900),
      now: new Date().toISOString(),
      public_url: "https://flows.example.com",
      sandbox_url: "http://127.0.0.1:1",
    }),
  ],
  ["GET /catalog", () => ({ actions: {}, triggers: {}, serves: {} })],
  [
    "GET /search",
    ({ query }) => ({
      hits: world.flows
        .filter(({ name }) => has(query.get("q"), name))
        .map(({ id, name }) => ({ kind: "flow", id, title: name, detail: id })),
    }),
  ],
  [
    "POST /play",
    ({ body }) => {
      state.chat.push({
        at: new Date().toISOString(),
        inbound: true,
        text: body.text ?? "Order 1",
        status: "delivered",
      });
      return {};
    },
  ],
  ["GET /play/chat", () => ({ messages: state.chat })],
  ...PEOPLE,
];

function match(pattern: string, method: string, path: string): Params | null {
  const [wanted, shape = ""] = pattern.split(" ");
  const names = shape.split("/");
  const parts = path.split("/");
  if (wanted !== method || names.length !== parts.length) return null;
  const params: Params = {};
  const fits = names.every((name, at) => {
    if (!name.startsWith(":")) return name === parts[at];
    params[name.slice(1)] = decodeURIComponent(parts[at] ?? "");
    return true;
  });
  return fits ? params : null;
}

async function read(request: IncomingMessage): Promise<Record<string, string>> {
  let text = "";
  for await (const part of request) text += part;
  return text ? JSON.parse(text) : {};
}

const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 160"><rect width="240" height="160" fill="#c9a26a"/><path d="M20 150 90 60l40 50 30-35 60 75z" fill="#8a6a3c"/></svg>';

/** A middleware that answers `/api/v1` and leaves the rest. */
export function fake() {
  return async (request: IncomingMessage, response: ServerResponse, next: () => void) => {
    const url = new URL(request.url ?? "/", "http://fake");
    if (!url.pathname.startsWith("/api/v1")) return next();
    const path = url.pathname.slice("/api/v1".length);
    if (path === "/events") return events(response);
    if (path.startsWith("/media/")) return response.writeHead(200, { "content-type": "image/svg+xml" }).end(PICTURE);
    const answer = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    try {
      for (const [pattern, handle] of ROUTES) {
        const params = match(pattern, request.method ?? "GET", path);
        const user = whose(request.headers.cookie);
        if (params) return answer(200, handle({ params, query: url.searchParams, body: await read(request), user }));
      }
      answer(404, { error: { code: "not_found", message: `${path} is not there` } });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer(error.status, { error: { code: error.code, message: error.message, details: error.details } });
    }
  };
}

const pages = new Set<(kind: string, data: object) => void>();
onNotice((kind, data) => {
  for (const say of pages) say(kind, data);
});

function events(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  const say = (kind: string, data: object) =>
    void response.write(`event: ${kind}\nid: ${Date.now()}\ndata: ${JSON.stringify(data)}\n\n`);
  say("heartbeat", { now: new Date().toISOString() });
  const beat = setInterval(() => say("heartbeat", { now: new Date().toISOString() }), 15_000);
  pages.add(say);
  response.on("close", () => {
    clearInterval(beat);
    pages.delete(say);
  });
}
