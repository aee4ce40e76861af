/** Shapes of the API, as `web/src/api` answers them. Times are RFC 3339 in UTC. */

export type Time = string;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface Paged {
  next?: string | null;
}

export type Role = "viewer" | "auditor" | "agent" | "team_lead" | "ops" | "crm_admin" | "admin";

export interface Session {
  user: Me;
  permissions: string[];
  csrf: string;
  setup_needed: boolean;
  /** The workspace asks this role for a second factor, and there is none yet: nothing else works until there is. */
  must_enrol?: boolean;
  sandbox: boolean;
}

export interface Me {
  id: string;
  name: string;
  email: string;
  role: string;
  publisher: boolean;
  language: string | null;
  theme?: string | null;
  totp: boolean;
}

export interface SignedOut {
  setup_needed?: boolean;
  oidc?: { id: string; name: string }[];
}

export interface User {
  id: string;
  name: string;
  email: string;
  role: string;
  publisher: boolean;
  language: string | null;
  totp: boolean;
  revision: string | number;
  state?: string;
  invited?: boolean;
  last_seen_at?: Time | null;
  signed_in_at?: Time | null;
}

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  expires_at: Time | null;
  last_used_at: Time | null;
  created_by: string;
}

export type FlowState = "live" | "off" | "draft" | "old";

export interface Figures {
  runs_24h: number;
  failed_24h: number;
  waiting: number;
  attention: number;
}

export interface Flow {
  id: string;
  flow?: string;
  name: string | null;
  state: FlowState;
  on: string[] | null;
  version: string;
  text_no?: number;
  changed_at: Time;
  changed_by: string | null;
  has_draft: boolean;
  owner: "file" | "editor" | "import" | string;
  labels: string[];
  folder: string | null;
  figures: Figures;
}

export type RunStatus = "working" | "waiting" | "needs_attention" | "done" | "failed" | "cancelled";

export interface Run {
  id: string;
  flow: string;
  version: string;
  text_no?: number | null;
  status: RunStatus;
  error: string | null;
  contact: string | null;
  contact_name?: string | null;
  conversation: string | null;
  event: string;
  turns: number;
  calls: number;
  started_at: Time;
  ended_at: Time | null;
  waiting_for?: { connection: string; since: Time; reason: string } | null;
}

export type StepState = "done" | "failed" | "waiting" | "running" | "skipped";

export interface StepPicture {
  path: string;
  id: string | null;
  verb: string;
  state: StepState;
  entered_at: Time | null;
  left_at: Time | null;
  ms: number | null;
  times: number;
  input: Json;
  output: Json;
  saw: Json;
  error: string | null;
  attempts: Json[];
}

export interface WaitPicture {
  path?: string;
  step?: string | null;
  what?: string;
  until?: Time | null;
  due_at?: Time | null;
  [key: string]: unknown;
}

export interface RunDetail extends Run {
  picture?: { steps: StepPicture[]; waits: WaitPicture[] };
  effects: Call[];
  journal: JournalRow[];
  handling: JournalRow[];
  messages: Message[];
  trigger: EventRow | null;
}

export interface JournalRow {
  id: string;
  seq: number;
  kind: string;
  by: string | null;
  at: Time;
  subject?: string | null;
  entries: { what?: Told | string; data?: Json; unreadable?: string }[];
  erased: boolean;
}

/** What was done, with what it was done to. */
export type Told = { did: string; [field: string]: Json };

export interface Call {
  id: string;
  run: string;
  key: string;
  connection: string;
  action: string;
  state: string;
  lane: string;
  failed_attempts: number;
  why: string | null;
  planned_at: Time;
  sent_at: Time | null;
  not_before: Time | null;
  deadline: Time | null;
  plan: Json;
  attempts: Json;
}

export interface Message {
  id: string;
  conversation: string;
  inbound: boolean;
  status: string;
  status_at: Time | null;
  error: string | null;
  text: string | null;
}

export interface EventRow {
  id: string;
  type: string;
  connection: string | null;
  origin: string | null;
  at: Time;
  provider_at: Time | null;
  body: Json;
}

export interface Contact {
  id: string;
  name: string | null;
  phone: string | null;
  language: string | null;
  priority: "low" | "medium" | "high" | null;
  order_status: string | null;
  fields: Json;
  consent: Json;
  last_interaction_at: Time | null;
  unread_count: number;
  erased_at: Time | null;
  tags?: (ContactTag | string)[];
}

export interface ContactTag {
  tag: string;
  source: string;
  from: string | null;
  since: Time;
}

export interface Conversation {
  id: string;
  connection: string;
  number: string;
  address: string;
  window_closes_at: Time | null;
  last_inbound_at: Time | null;
  last_outbound_at: Time | null;
}

export interface ContactDetail extends Contact {
  conversations: Conversation[];
  tags: ContactTag[];
  tags_off: string[];
}

export interface TimelineEntry {
  at: Time;
  kind: "message" | "run" | "tag" | string;
  [key: string]: unknown;
}

export interface Rule {
  rule: string;
  name: string | null;
  on: string[];
  add_tags: string[];
  remove_tags: string[];
  for: string | null;
  priority: string | null;
  escalate: string | null;
  stop: boolean;
  watch: boolean;
}

export interface RuleFile {
  flow: string;
  name: string | null;
  state: FlowState;
  owner: string;
  by: string | null;
  at: Time;
  has_draft?: boolean;
  list: Rule[] | null;
}

export interface Connection {
  id: string;
  connector: string;
  working: boolean;
  webhook: string | null;
  down_since: Time | null;
  reason: string | null;
  probe_at: Time | null;
  waiting: number;
  in_flight: number;
}

export interface Finding {
  good: boolean;
  about: string;
  text: string;
}

export interface Stop {
  scope: string;
  by: string;
  at: Time;
  held: Call[];
}

export interface System {
  version: string;
  started_at: Time;
  now: Time;
  public_url: string;
  sandbox_url: string | null;
}

export interface LibraryFlow {
  id: string;
  name: string;
  note: string | null;
  on: string[];
  needs: { templates: string[]; teams: string[]; connections: string[] };
  tests: number;
}

export interface Problem {
  code: string;
  severity?: "error" | "warning";
  line: number;
  column: number;
  message: string;
  hint: string | null;
  path: string | null;
  file?: string;
}

export interface Hit {
  kind: "flow" | "run" | "contact" | "rule" | "connection";
  id: string;
  title: string;
  detail: string | null;
}

export interface Draft {
  text: string;
  revision: string;
  based_on: string | null;
  changed_by: string | null;
  changed_at: Time | null;
  lock: { by: string; since: Time; yours: boolean } | null;
  read_only: "file" | null;
}

export interface ImportPlan {
  applied: boolean;
  changes: { kind: "flow" | "rules"; flow: string; file: string; what: ImportChange; state: FlowState }[];
  problems: Problem[];
  needs: Needs;
}

export type ImportChange = "new" | "changed" | "reworded" | "published" | "same" | "removed";

export interface Needs {
  connections: string[];
  /** Used without naming a connection. */
  capabilities: string[];
  /** Name and language; the language may be empty. */
  templates: [string, string][];
  tags: string[];
  teams: string[];
  flows: string[];
}

/** A message on the simulated phone; `inbound` as the server sees it: from the customer. */
export interface ChatMessage {
  at: Time;
  inbound: boolean;
  text: string | null;
  template?: string | null;
  buttons?: string[];
  status?: string;
}
