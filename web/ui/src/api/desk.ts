import { infiniteQueryOptions, queryOptions, replaceEqualDeep } from "@tanstack/react-query";
import { readAnew } from "./anew";
import { del, get, post, put, seg } from "./client";
import { heardNow } from "./clock";
import { sameById } from "./queries";
import type { Paged, Time } from "./types";

/** Somebody who works here. */
export interface Person {
  id: string;
  name: string;
}

/** Somebody who works here, or in whose name a machine acted, who has no id. */
export interface Actor {
  id: string | null;
  name: string;
}

/** What an agent chooses; `wrap_up` comes by itself after a conversation. */
export const CHOICES = ["available", "busy", "break", "away"] as const;
export type Choice = (typeof CHOICES)[number];
export type PresenceState = Choice | "wrap_up";

export interface Agent {
  user: Person;
  state: PresenceState;
  since: Time;
  /** Whether their page is open. */
  online: boolean;
  load: number;
  limit: number;
  teams: string[];
  languages: string[];
  skills: string[];
}

export type EscalationState = "waiting" | "offered" | "team" | "taken" | "missed" | "out_of_hours" | "closed";

export interface Escalation {
  id: string;
  kind: "escalation" | "lead";
  team: string;
  reason: string;
  state: EscalationState;
  contact: {
    id: string;
    name: string | null;
    phone: string | null;
    language: string | null;
    priority: "low" | "medium" | "high" | null;
    tags: string[];
  } | null;
  conversation: string | null;
  run: string | null;
  received_at: Time;
  provider_at: Time | null;
  deadline: Time;
  accepted_at: Time | null;
  accepted_by: Actor | null;
  answered_at: Time | null;
  offer: { to: Person[]; since: Time; until: Time; rung: number; rungs: number } | null;
  to_me: boolean;
  mine: boolean;
  last_message: { text: string | null; at: Time } | null;
  kept: boolean | null;
  fallback: { notified_at: Time | null; told_at: Time | null } | null;
}

export interface StoryLine {
  at: Time;
  after_ms: number;
  what: string;
  who: Actor | null;
  /** A code of ours, or the connection it is about. */
  why: string | null;
  agents?: Actor[];
  /** Who was not offered it, and why not. */
  passed?: { agent: Actor; why: string }[];
}

export interface Today {
  taken: number;
  kept: number;
  fallback: number;
  missed: number;
  out_of_hours: number;
  median_ms: number | null;
}

export interface Desk {
  now: Time;
  me: Agent | null;
  agents: Agent[];
  waiting: Escalation[];
  today: Today;
}

/** The desk as it is now; what did not change stays the same object, so that nothing of it is drawn again. */
export function deskAfter(old: Desk, { waiting, ...rest }: Desk): Desk {
  const { waiting: before, ...others } = old;
  return { ...replaceEqualDeep(others, rest), waiting: sameById(before, waiting) };
}

export const deskQuery = queryOptions({
  queryKey: ["desk"],
  queryFn: async ({ signal }) => {
    const sent = Date.now();
    const desk = await get<Desk>("/desk", undefined, signal);
    heardNow(desk.now, sent, Date.now());
    return desk;
  },
  structuralSharing: (old, desk) => (old ? deskAfter(old as Desk, desk as Desk) : desk),
  staleTime: 1_000,
});

export const readDesk = () => readAnew(["desk"]);

export const setPresence = (state: Choice) => put<Agent>("/desk/me", { state });

/** Says that a page of this person is open. */
export async function beat(): Promise<PresenceState> {
  const sent = Date.now();
  const { now, state } = await post<{ now: Time; state: PresenceState }>("/desk/me/beat", {});
  heardNow(now, sent, Date.now());
  return state;
}

export interface EscalationFilter {
  open?: boolean;
  missed?: boolean;
  team?: string;
}

const PAGE = 50;

export const escalationsQuery = (filter: EscalationFilter) =>
  infiniteQueryOptions({
    queryKey: ["escalations", filter],
    queryFn: ({ pageParam, signal }) =>
      get<Paged & { escalations: Escalation[] }>("/escalations", { ...filter, after: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

export const escalationQuery = (id: string) =>
  queryOptions({
    queryKey: ["escalations", "one", id],
    queryFn: ({ signal }) => get<Escalation & { story: StoryLine[] }>(`/escalations/${seg(id)}`, undefined, signal),
  });

/** Refused with `taken` and `Taken` as details when somebody was faster. */
export const take = (id: string) => post<Escalation>(`/escalations/${seg(id)}/take`, {});
export const decline = (id: string) => post(`/escalations/${seg(id)}/decline`, {});
export const escalate = (conversation: string, team: string, reason: string) =>
  post(`/conversations/${seg(conversation)}/escalate`, { team, reason });

export interface Taken {
  by: Actor | null;
  at: Time;
}

export interface Member {
  user: string;
  skills: string[];
  languages: string[];
}

export interface Team {
  name: string;
  members: Member[];
  calendar: string | null;
  first_ms: number;
  second_ms: number;
  accept_within_ms: number;
  /** The same for leads. */
  lead_within_ms?: number;
  /** How long somebody who took one may keep silent before it is offered again. */
  silent_ms?: number;
  wrap_up_ms: number;
  load_limit: number;
  /** Connections that are told when nobody takes it. */
  fallback: string[];
  away_text: Record<string, string>;
  call_back: boolean;
  /** Whether what the customer answers becomes a ticket in the CRM. */
  call_back_ticket: boolean;
  /** The connection for that; nothing = the CRM that flows use. */
  call_back_crm: string | null;
  /** When whoever takes something owns the contact in the CRM. */
  owner_to_crm: OwnerToCrm;
}

export const OWNER_TO_CRM = ["never", "leads", "always"] as const;
export type OwnerToCrm = (typeof OWNER_TO_CRM)[number];

export type StoredTeam = Team & { id: string; revision: string };

export interface Profile {
  languages: string[];
  skills: string[];
  /** Nothing = as the team says. */
  limit: number | null;
  /** Who they are at other services, so that a button pressed there counts as theirs. */
  handles: Record<string, string>;
}

export type StoredProfile = Profile & { user: Person; revision: string };

export const teamsQuery = queryOptions({
  queryKey: ["teams"],
  queryFn: ({ signal }) => get<{ teams: StoredTeam[]; agents?: StoredProfile[] }>("/teams", undefined, signal),
  staleTime: 60_000,
});

/** `0` as the revision makes a new one. */
export const saveTeam = (id: string, team: Team, revision: string) => put(`/teams/${seg(id)}`, team, revision);
export const removeTeam = (id: string, revision: string) => del(`/teams/${seg(id)}`, undefined, revision);
export const saveProfile = (user: string, profile: Profile, revision: string) =>
  put(`/agents/${seg(user)}`, profile, revision);

interface Spread {
  p50: number | null;
  p90: number | null;
}

export type By = "agent" | "team" | "flow" | "day";

export interface FigureRow {
  key: string;
  name: string | null;
  conversations: number;
  first_response_ms: Spread;
  accept_ms: Spread;
  resolution_ms: Spread;
  /** One to five stars, and how many answered. */
  satisfaction: { mean: number | null; n: number };
  /** Shares of 1; nothing where there was nothing to keep. */
  within: number | null;
  human_share: number | null;
  missed: number;
}

export interface Figures {
  rows: FigureRow[];
  /** Each conversation once. */
  total: FigureRow;
  /** False when there was more than is counted at once. */
  complete: boolean;
}

export const figuresQuery = (by: By, from: string) =>
  queryOptions({
    queryKey: ["figures", "people", by, from],
    queryFn: ({ signal }) => get<Figures>("/figures/people", { by, from }, signal),
    staleTime: 60_000,
  });

export interface StaffHour {
  /** When it begins in this week. */
  at: Time;
  /** 1 = Monday. */
  weekday: number;
  hour: number;
  /** How often it was looked at; 0 = nothing is known of it. */
  weeks: number;
  needed: number;
  present: number;
  arrivals: number;
  /** Whether the team works then. */
  open: boolean;
}

export interface Staffing {
  zone: string;
  since: Time;
  within_ms: number;
  share: number;
  /** Conversations that one person has at once. */
  places: number;
  handling_ms: number;
  /** Of how many conversations that is known; 0 = it is assumed. */
  handled: number;
  hours: StaffHour[];
}

/** Of one team, or of all. */
export const staffingQuery = (team: string) =>
  queryOptions({
    queryKey: ["figures", "staffing", team],
    queryFn: ({ signal }) => get<Staffing>("/figures/staffing", team ? { team } : undefined, signal),
    staleTime: 60_000,
  });
