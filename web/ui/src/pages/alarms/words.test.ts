import { expect, test } from "vitest";
import { subject } from "./words";

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
