/** What the fake server knows: enough of everything that pages can be looked at, the same at each start. */

const START = Date.now();
export const ago = (minutes: number) => new Date(START - minutes * 60_000).toISOString();
const from = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;

export const permissions = [
  ["system.read", "See how the system is doing: version, health, what is stopped"],
  ["flows.read", "See flows, tag rules and their versions"],
  ["figures.read", "See figures and the health of connections"],
  ["runs.read", "See what flows did: runs, missed events, messages nobody understood"],
  ["personal.read", "See names, numbers and messages; without it they are masked"],
  ["contacts.read", "See contacts and their conversations"],
  ["contacts.change", "Change a contact's tags and fields"],
  ["contacts.manage", "Import contacts and take lists of them out, merge them, keep the dictionary of tags"],
  ["flows.edit", "Edit drafts of flows and try them"],
  ["flows.publish", "Put flows live, switch them on and off"],
  ["rules.edit", "Edit drafts of tag rules and try them on the past"],
  ["rules.publish", "Put tag rules live, switch them on and off"],
  ["segments.edit", "Edit drafts of segments and see whom they would take"],
  ["segments.publish", "Put segments in force, switch them on and off"],
  ["runs.control", "Start, cancel, retry and replay runs; decide about calls that need attention"],
  ["sending.stop", "Stop all sending and release it"],
  ["log.read", "Read the audit log"],
  ["log.prove", "Seal the audit log and prove that it is whole"],
  ["log.export", "Take the audit log out"],
  ["connections.check", "Try whether an account works"],
  ["connections.manage", "Make, change and remove connections, and set them up at the other side"],
  ["users.manage", "Invite, change, sign out and remove people"],
  ["tokens.manage", "Make and revoke API tokens"],
  ["settings.manage", "Change the settings of the workspace"],
].map(([id, what]) => ({ id, what }));

export const roles = [
  { id: "viewer", permissions: ["system.read", "flows.read", "figures.read"] },
  {
    id: "auditor",
    permissions: ["system.read", "flows.read", "figures.read", "runs.read", "log.read", "log.prove", "log.export"],
  },
  { id: "agent", permissions: ["system.read", "personal.read", "contacts.read", "contacts.change"] },
  {
    id: "team_lead",
    permissions: ["system.read", "flows.read", "runs.read", "personal.read", "contacts.read", "contacts.change"],
  },
  {
    id: "ops",
    permissions: permissions.map(({ id }) => id).filter((id) => !/users|tokens|settings|export/.test(id ?? "")),
  },
  {
    id: "crm_admin",
    permissions: [
      "system.read",
      "flows.read",
      "personal.read",
      "contacts.read",
      "rules.edit",
      "rules.publish",
      "segments.edit",
    ],
  },
  { id: "admin", permissions: permissions.map(({ id }) => id) },
];

const NAMES: [string, string, string][] = [
  ["order-to-ticket", "Order to ticket", "whatsapp.order_received"],
  ["no-reply-reminder", "48 hours without a reply", "conversation.no_reply"],
  ["price-autoreply", "Price list on request", "whatsapp.message_received"],
  ["crm-stage-to-message", "Deal stage to message", "crm.field_changed"],
  ["complaint-handover", "Complaint to a person in 20 seconds", "whatsapp.message_received"],
  ["abandoned-cart", "Abandoned cart", "webhook.received"],
  ["appointment-reminder", "Appointment reminder", "schedule.cron"],
  ["satisfaction-survey", "Satisfaction survey", "conversation.session_long"],
  ["vip-welcome", "VIP welcome", "contact.tag_added"],
];

export const flows = NAMES.map(([id, name, on], at) => ({
  id,
  name,
  state: at === 5 ? "off" : at === 8 ? "draft" : "live",
  on: [on],
  version: `ver_${at}`,
  text_no: 12 - at,
  changed_at: ago(40 * (at + 1) ** 2),
  changed_by: from(["Anna Ricci", "Марк Орлов", "ليلى حداد"], at),
  has_draft: at === 1 || at === 8,
  owner: at === 3 ? "file" : "editor",
  labels: at % 3 === 0 ? ["sales"] : at === 4 ? ["care"] : [],
  folder: null,
  figures: {
    runs_24h: from([1204, 310, 96, 41, 12, 0, 220, 18, 0], at),
    failed_24h: from([8, 27, 0, 0, 1, 0, 0, 0, 0], at),
    waiting: from([312, 95, 0, 4, 0, 41, 7, 0, 0], at),
    attention: at === 0 ? 3 : at === 4 ? 1 : 0,
  },
}));

const PEOPLE = [
  "Giulia Rossi",
  "Карим Алиев",
  "سارة المنصوري",
  "王伟",
  "Marco Bianchi",
  "Anna Smith",
  "Ольга Петрова",
  null,
];
export const contacts = Array.from({ length: 300 }, (_, at) => ({
  id: `con_${at}`,
  name: from(PEOPLE, at),
  phone: `+39055${String(1_000_000 + at * 7919).slice(0, 7)}`,
  language: from(["it", "ru", "ar", "zh", "it", "en", "ru", "en"], at),
  priority: from(["low", "medium", "high", null] as const, at),
  order_status: at % 5 === 0 ? "shipped" : null,
  fields: { city: "Firenze", newsletter: true },
  consent: { marketing: { given: at % 2 === 0, at: ago(9000) } },
  last_interaction_at: ago(at * 37 + 2),
  unread_count: at % 4,
  erased_at: null,
  tags: [
    { tag: "new-lead", source: "rule", from: "tags/new", since: ago(300) },
    ...(at % 3 ? [] : [{ tag: "vip", source: "person", from: "Anna Ricci", since: ago(5000) }]),
  ],
}));

const STATUS = ["done", "done", "waiting", "done", "failed", "done", "working", "needs_attention", "done", "cancelled"];
export const RUNS = 100_000;

export function run(at: number) {
  const status = from(STATUS, at);
  const contact = from(contacts, at);
  const over = status === "done" || status === "failed" || status === "cancelled";
  return {
    id: `run_${String(RUNS - at).padStart(8, "0")}`,
    flow: from(flows, at).id,
    version: "ver_1",
    text_no: 12,
    status,
    error: status === "failed" ? "the CRM answered 422: property `order_total` does not exist" : null,
    contact: contact.id,
    contact_name: contact.name,
    conversation: `cnv_${at}`,
    event: `evt_${at}`,
    turns: 2,
    calls: 3,
    started_at: ago(at * 0.7 + 1),
    ended_at: over ? ago(at * 0.7 + 0.9) : null,
    waiting_for: null,
  };
}

export const calls = Array.from({ length: 4 }, (_, at) => ({
  id: `eff_${at}`,
  run: run(at * 10 + 7).id,
  key: `run/steps/ticket/${at}`,
  connection: from(["hubspot", "wa-it"], at),
  action: from(["crm.create_ticket", "whatsapp.send_template"], at),
  state: "parked",
  lane: "calls",
  failed_attempts: 2,
  why: from(
    ["the answer never came: it may have been done", "the CRM answered 422: property `order_total` does not exist"],
    at,
  ),
  planned_at: ago(90 + at * 40),
  sent_at: ago(89 + at * 40),
  not_before: null,
  deadline: ago(-1300 + at * 400),
  plan: {
    flow: "order-to-ticket",
    step: "ticket",
    input: { subject: "Order 8841 · Giulia Rossi", pipeline: "support", total: 129.9 },
  },
  attempts: [
    { at: ago(90), error: "timed out after 10 s" },
    { at: ago(89), error: "422 property does not exist" },
  ],
}));

const step = (path: string, id: string | null, verb: string, state: string, more: object = {}) => ({
  path,
  step: id ?? path,
  id,
  verb,
  state,
  entered_at: ago(5),
  left_at: state === "done" ? ago(4.9) : null,
  ms: state === "done" ? 410 : null,
  times: 1,
  input: null,
  output: null,
  saw: null,
  error: null,
  attempts: [],
  ...more,
});

export const picture = {
  steps: [
    step("steps/0", "welcome", "whatsapp.send_template", "done", {
      input: { template: "order_confirmation", params: { order: "8841" } },
      output: { message: "wamid.HBgM" },
    }),
    step("steps/1", null, "if", "done", {
      saw: { "event.order.total": 129.9, "contact.language": "it" },
      output: true,
    }),
    step("steps/1/then/0", "ticket", "crm.create_ticket", "failed", {
      input: calls[0]?.plan.input,
      error: "the CRM answered 422: property `order_total` does not exist",
      attempts: calls[0]?.attempts,
    }),
    step("steps/1/else/0", "note", "crm.add_note", "skipped"),
    step("steps/2", "reply", "wait_for", "skipped"),
  ],
  waits: [],
};

export const journal = ["started", "decided", "planned", "attempted", "ended"].map((what, at) => ({
  id: `jrn_${at}`,
  seq: at,
  kind: "turn",
  by: at === 0 ? "hook wa-it" : "engine",
  at: ago(6 - at),
  subject: `run_${at}`,
  erased: false,
  entries: [{ what: { did: what, step: "ticket" }, data: { step: "ticket", path: "steps/1/then/0" } }],
}));

export const connections = [
  {
    id: "wa-it",
    connector: "whatsapp.cloud_api",
    working: true,
    webhook: "https://flows.example.com/hooks/wa-it",
    down_since: null,
    reason: null,
    probe_at: null,
    waiting: 0,
    in_flight: 2,
  },
  {
    id: "hubspot",
    connector: "hubspot",
    working: true,
    webhook: "https://flows.example.com/hooks/hubspot",
    down_since: ago(14),
    reason: "429 Too Many Requests: the daily limit of the account is used up",
    probe_at: ago(-0.2),
    waiting: 42,
    in_flight: 0,
  },
  {
    id: "shop",
    connector: "webhook",
    working: true,
    webhook: "https://flows.example.com/hooks/shop",
    down_since: null,
    reason: null,
    probe_at: null,
    waiting: 0,
    in_flight: 0,
  },
];

export const rules = [
  {
    flow: "auto-tags",
    name: "Auto-tags",
    state: "live",
    owner: "editor",
    by: "Марк Орлов",
    at: ago(4000),
    list: [
      {
        rule: "price",
        name: "Asks for a price",
        on: ["whatsapp.message_received"],
        add_tags: ["price-intent"],
        remove_tags: [],
        for: "30d",
        priority: null,
        escalate: null,
        stop: false,
        watch: false,
      },
      {
        rule: "complaint",
        name: null,
        on: ["whatsapp.message_received"],
        add_tags: ["complaint"],
        remove_tags: ["happy"],
        for: null,
        priority: "high",
        escalate: "care",
        stop: true,
        watch: false,
      },
      {
        rule: "big-order",
        name: "Order over 500",
        on: ["whatsapp.order_received"],
        add_tags: ["vip"],
        remove_tags: [],
        for: null,
        priority: null,
        escalate: null,
        stop: false,
        watch: true,
      },
    ],
  },
];

export const library = NAMES.map(([id, name, on], at) => ({
  kind: "flow",
  id,
  name,
  note: "A customer orders in the chat: a ticket is made in the CRM, the customer gets a confirmation, and an answer is noted.",
  on: [on],
  needs: {
    capabilities: [],
    tags: [],
    flows: [],
    calendars: [],
    templates: at % 2 ? ["order_confirmation"] : [],
    teams: at === 4 ? ["care"] : [],
    connections: ["whatsapp", ...(at % 3 ? [] : ["crm"])],
  },
  tests: 2 + (at % 4),
}));

export const users = [
  {
    id: "usr_1",
    name: "Anna Ricci",
    email: "anna@example.com",
    role: "admin",
    publisher: true,
    language: "it",
    totp: true,
    revision: 3,
    state: "active",
    signed_in_at: ago(3),
  },
  {
    id: "usr_2",
    name: "Марк Орлов",
    email: "mark@example.com",
    role: "ops",
    publisher: true,
    language: "ru",
    totp: false,
    revision: 1,
    state: "active",
    signed_in_at: ago(300),
  },
  {
    id: "usr_3",
    name: "ليلى حداد",
    email: "layla@example.com",
    role: "agent",
    publisher: false,
    language: "ar",
    totp: false,
    revision: 1,
    state: "invited",
    signed_in_at: null,
  },
];

export const draft = `format: 1
rules: auto-tags
name: Auto-tags
list:
  - rule: price
    on: [whatsapp.message_received]
    when: event.text.contains_any(["price", "prezzo", "цена"])
    add_tags: [price-intent]
    for: 30d
`;

export const flowText = `format: 1
flow: order-to-ticket
name: Order to ticket
on:
  - whatsapp.order_received
when: event.order.total > 0
steps:
  - id: welcome
    do: whatsapp.send_template
    with: { template: order_confirmation, params: { order: "{{event.order.id}}" } }
  - if: event.order.total > 100
    then:
      - id: ticket
        do: crm.create_ticket
        with:
          subject: "Order {{event.order.id}}"
    else:
      - id: note
        do: crm.add_note
        with: { text: small }
  - id: reply
    wait_for: whatsapp.message_received
    timeout: 48h
`;
