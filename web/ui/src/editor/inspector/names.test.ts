import { describe, expect, it } from "vitest";
import type { ScopeName } from "../api";
import { grouped } from "./names";

const name = (name: string, type: ScopeName["type"] = "text"): ScopeName => ({
  name,
  type,
  note: "",
  sure: true,
  from: name.startsWith("steps.") ? name.split(".").slice(0, 2).join(".") : (name.split(".")[0] ?? ""),
});

const SCOPE = [
  name("contact", "map"),
  name("contact.fields", "any"),
  name("contact.name"),
  name("event", "map"),
  name("event.order", "map"),
  name("event.order.total", "number"),
  name("now", "time"),
  name("run", "map"),
  name("run.id"),
  name("steps.ticket", "map"),
  name("steps.ticket.id"),
  name("vars.page", "map"),
];
const listed = (search: string) =>
  grouped(SCOPE, search, (own) => own).map(([from, own]) => [from, own.map((one) => one.name)]);

describe("the list of data", () => {
  it("begins with what started the flow and what its steps answered", () => {
    expect(listed("").map(([from]) => from)).toEqual(["event", "steps.ticket", "vars", "contact", "now", "run"]);
  });

  it("begins with what is asked for most, and ends with what every event has", () => {
    const scope = ["event.at", "event.message.id", "event.order.currency", "event.order.total"].map((one) => name(one));
    const [[, order]] = grouped(scope, "", (own) => own) as [[string, ScopeName[]]];
    expect(order.map((one) => one.name)).toEqual([
      "event.order.total",
      "event.order.currency",
      "event.at",
      "event.message.id",
    ]);
  });

  it("leaves out what only holds others that stand in it", () => {
    expect(listed("contact")).toEqual([["contact", ["contact.name"]]]);
    expect(listed("page")).toEqual([["vars", ["vars.page"]]]);
  });
});
