import { queryOptions } from "@tanstack/react-query";
import { del, get, post } from "./client";
import type { Time } from "./types";

/** A browser that is told when no page is open. */
export interface Device {
  endpoint: string;
  /** Whether it is told of alarms, too. */
  alarms: boolean;
  /** What it calls itself. */
  agent: string;
  since: Time;
}

export interface Devices {
  /** The server's public key. */
  key: string;
  devices: Device[];
}

export const devicesQuery = queryOptions({
  queryKey: ["push"],
  queryFn: ({ signal }) => get<Devices>("/me/push", undefined, signal),
});

export const addDevice = (device: { endpoint: string; p256dh: string; auth: string; alarms: boolean }) =>
  post<Devices>("/me/push", device);
export const removeDevice = (endpoint: string) => del<Devices>("/me/push", { endpoint });
export const tryDevice = (endpoint: string) => post<{ told: boolean }>("/me/push/test", { endpoint });
