import { queryOptions } from "@tanstack/react-query";
import { get, post, put, seg } from "./client";
import type { Time } from "./types";

export const KINDS = [
  "connection_down",
  "attention",
  "flow_failed",
  "starts_held",
  "clock_jumped",
  "disk_low",
  "escalation_missed",
  "escalation_late",
] as const;
export const LEVELS = ["info", "warning", "alarm"] as const;
export type Level = (typeof LEVELS)[number];

/** What became of telling it through one connection. */
export interface Telling {
  connection: string;
  to: string | null;
  /** The code of what went wrong. */
  failed: string | null;
}

/** Something that needs a person who works here. */
export interface Alarm {
  id: string;
  /** What it is about, behind its kind: `connection/<id>`, `attention/<flow>/<connection>` … */
  key: string;
  kind: string;
  level: Level;
  state: "open" | "acknowledged" | "ended";
  title: string;
  text: string;
  path: string | null;
  since: Time;
  last: Time;
  count: number;
  told: number;
  acknowledged_by: string | null;
  acknowledged_at: Time | null;
  ended_at: Time | null;
  told_by: Telling[];
  /** The customer whom it is about. */
  customer: AlarmCustomer | null;
}

export interface AlarmCustomer {
  /** The team's name. */
  team: string;
  /** Name and number, for whoever sees the inbox and while the alarm lasts. */
  name: string | null;
  conversation: string | null;
  since: Time;
}

export interface AlarmLine {
  at: Time;
  what: string;
  by: string | null;
  connection: string | null;
  to: string | null;
  problem: string | null;
}

interface Alarms {
  alarms: Alarm[];
  /** How many nobody has acknowledged. */
  open: number;
}

/** Those that are not over; what the bell counts. */
export const openAlarmsQuery = queryOptions({
  queryKey: ["alarms", "open"],
  queryFn: ({ signal }) => get<Alarms>("/alarms", { open: true }, signal),
});

/** All of the last week, newest first. */
export const alarmsQuery = queryOptions({
  queryKey: ["alarms", "all"],
  queryFn: ({ signal }) => get<Alarms>("/alarms", undefined, signal),
  select: ({ alarms }) => alarms,
});

export const alarmQuery = (id: string) =>
  queryOptions({
    queryKey: ["alarms", "one", id],
    queryFn: ({ signal }) => get<Alarm & { story: AlarmLine[] }>(`/alarms/${seg(id)}`, undefined, signal),
  });

/** I look at it. */
export const acknowledgeAlarm = (id: string) => post<Alarm>(`/alarms/${seg(id)}/acknowledge`, {});

export interface Route {
  /** From this level on. */
  level: Level;
  connection: string;
  /** Whom there; nothing = whom the connection names. */
  to: string | null;
}

/** How alarms are told. */
export interface Policy {
  routes: Route[];
  /** Outside its hours less than `alarm` waits. */
  working_hours: string | null;
  repeat_minutes: number;
  most: number;
  down_minutes: number;
  disk_free_mb: number;
  off: string[];
  flows: string[];
}

export const policyQuery = queryOptions({
  queryKey: ["alarm-policy"],
  queryFn: ({ signal }) => get<Policy & { revision: string }>("/alarms/policy", undefined, signal),
});

export const savePolicy = (policy: Policy, revision: string) =>
  put<Policy & { revision: string }>("/alarms/policy", policy, revision);

/** Tells a trial; what went wrong, if something did. */
export const tryRoute = (connection: string, to: string | null) =>
  post<{ told: boolean; problem: { code: string; message: string } | null }>("/alarms/test", { connection, to });
