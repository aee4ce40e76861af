import { expect, test } from "vitest";
import type { Alarm } from "~/api/alarms";
import type { Translate } from "~/i18n";
import { headline, subject } from "./words";

test("what an alarm is about is in its key", () => {
  expect(subject("connection/hubspot-main")).toEqual({ name: "hubspot-main", other: "" });
  expect(subject("attention/orders/crm")).toEqual({ name: "orders", other: "crm" });
  expect(subject("held/orders/whatsapp.message_received/2")).toEqual({
    name: "orders",
    other: "whatsapp.message_received/2",
  });
  expect(subject("disk//srv/data")).toEqual({ name: "/srv/data", other: "" });
  expect(subject("clock")).toEqual({ name: "", other: "" });
});

test("a missed customer is told with the team, and in the server's words where that was not kept", () => {
  const t = ((id: string, values: object) => `${id} ${JSON.stringify(values)}`) as unknown as Translate;
  const missed = { kind: "escalation_missed", key: "escalation/esc_1", title: "Nobody came", customer: null };
  expect(headline(t, missed as Alarm)).toBe("Nobody came");
  const customer = { team: "Care", name: "Li Wei", conversation: "cnv_1", since: "2026-11-22T12:00:00Z" };
  expect(headline(t, { ...missed, customer } as unknown as Alarm)).toBe(
    'alarm_kind.escalation_missed {"name":"esc_1","other":"","team":"Care"}',
  );
});
