import { expect, it } from "vitest";
import { placesRead, valueIn, withValue } from "./event-fields";

it("finds what a flow reads of an event, once", () => {
  const text =
    'if: event.order.total > 5 && event.text != ""\nwith: "{{event.order.id}} {{event.order.total}} {{myevent.x}}"';
  expect(placesRead(text)).toEqual(["order.total", "text", "order.id"]);
});

it("writes a value where it was read, and keeps its kind", () => {
  const event = { order: { id: "A1", total: 39.8, items: [1] }, sure: false };
  expect(valueIn(event, "order.total")).toBe(39.8);
  expect(valueIn(event, "order.items.0")).toBeUndefined();
  expect(withValue(event, "order.total", "1500")).toEqual({ ...event, order: { ...event.order, total: 1500 } });
  expect(withValue(event, "order.total", "15x")).toMatchObject({ order: { total: "15x", id: "A1" } });
  expect(withValue(event, "sure", "true")).toMatchObject({ sure: true });
});
