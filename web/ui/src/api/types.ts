/** Shapes of the API. `schema.d.ts` is made of the server's own description (`npm run api`); what stands here by hand is what that
 * description leaves open, and what it does not have yet. */

import type { components } from "./schema";

/** RFC 3339, UTC. */
export type Time = string;
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The description calls a value that may be anything `unknown`: it came as JSON. */
type Known<T> = unknown extends T
  ? Json
  : T extends (infer Item)[]
    ? Known<Item>[]
    : T extends object
      ? { [Name in keyof T]: Known<T[Name]> }
      : T;
type Of<Name extends keyof components["schemas"]> = Known<components["schemas"][Name]>;

export interface Paged {
  next: string | null;
}

export type Call = Of<"Call">;
export type Connection = Of<"Connection">;
export type Contact = Of<"ContactListed">;
export type ContactDetail = Of<"ContactShown">;
/** `file`: what hangs on it; `media` is for `/media`, where people here sent it. */
export type ChatMessage = Of<"OnScreen"> & {
  file?: { kind: string; name: string | null; media: string | null } | null;
};
export type Conversation = Of<"Conversation">;
export type EventRow = Of<"Event">;
export type Finding = Of<"Finding">;
export type Flow = Of<"FlowListed">;
export type FlowState = Of<"VersionState">;
export type Hit = Of<"SearchHit">;
export type ImportNeed = Of<"ImportNeed">;
export type ImportPlan = Of<"Imported">;
export type ImportPreview = Of<"ImportLooked">;
export type ContactImport = Of<"Import">;
export type DuplicateGroup = Of<"DuplicateGroup">;
export type MarkedMessage = Of<"MarkedMessage">;
export type Merge = Of<"Merge">;
export type MergePreview = Of<"MergePreview">;
export type MessageToMark = Of<"MessageToMark">;
export type RulesMeasured = Of<"RulesMeasured">;
export type TagList = Of<"TagList">;
export type TagMeaning = Of<"TagMeaning">;
export type TagRenamed = Of<"TagRenamed">;
export type LibraryFlow = Of<"LibraryFlow">;
export type Message = Of<"Message">;
export type MessageOrder = Of<"MessageOrder">;
export type Rule = Of<"Rule">;
export type RuleFile = Of<"RuleFile">;
export type Run = Of<"Run">;
export type RunStatus = Of<"RunStatus">;
export type RunWait = Of<"RunWait">;
export type StepPicture = Of<"StepPicture">;
export type StepState = Of<"StepState">;
export type Stop = Of<"Stop">;
export type System = Of<"System">;
export type WaitPicture = Of<"WaitPicture">;
export type UnmatchedGroup = Of<"UnmatchedMessages">;
export type TimelineEntry = Of<"Happened">;

export type SegmentCount = Of<"SegmentCount">;
export type SegmentListed = Of<"SegmentListed">;
export type SegmentShown = Of<"SegmentShown">;

/** A slot of a schedule that goes over a segment. */
export interface Sweep {
  sweep: string;
  flow: string;
  segment: string;
  slot: Time;
  found: number;
  failed: number;
}

/** What was done, with what it was done to. */
export type Told = { did: string; [field: string]: Json };

/** A row of the log. An entry that this server cannot read has no `what`. */
export type JournalRow = Omit<Of<"JournalRow">, "entries"> & {
  entries: { what?: Told; data?: Json; unreadable?: string }[];
};

export type RunDetail = Omit<Of<"RunShown">, "journal" | "handling"> & {
  journal: JournalRow[];
  handling: JournalRow[];
};

/** A problem of a text; `path` is the place of the step it is about. */
export interface Problem {
  code: string;
  severity?: "error" | "warning";
  line: number;
  column: number;
  message: string;
  hint: string | null;
  path: string | null;
  file?: string;
  /** Its sentences with their parts, for other languages than English. */
  said?: { message: unknown; hint: unknown };
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
  /** Empty = the workspace's. */
  language: string;
  /** Empty = as the machine. */
  theme: string;
  totp: boolean;
}

export interface SignedOut {
  setup_needed?: boolean;
  oidc?: { id: string; name: string }[];
}

export interface User extends Me {
  state: "invited" | "active" | "off";
  created_at: Time;
  signed_in_at: Time | null;
  /** The issuer of the provider through which they sign in. */
  bound_to: string | null;
  revision: string;
}

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  expires_at: Time | null;
  last_used_at: Time | null;
  created_at: Time;
  created_by: string;
}

/** What somebody was asked about a draft, and what they said. */
export interface Review {
  state: "asked" | "approved" | "declined";
  /** The draft changed since: the answer counts for nothing. */
  outdated: boolean;
  asked_by: string;
  asked_at: Time;
  comment: string;
  answered_by: string | null;
  answered_at: Time | null;
  answer: string;
}

export interface Draft {
  text: string;
  /** `0` while there is none: then `text` is what is in force. */
  revision: string;
  based_on: string | null;
  changed_by: string | null;
  changed_at: Time | null;
  /** Everybody who wrote what is not published. */
  authors: string[];
  lock: { by: string; since: Time; yours: boolean } | null;
  review: Review | null;
  read_only: "file" | null;
}
