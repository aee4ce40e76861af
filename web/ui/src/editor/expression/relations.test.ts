import { expect, it } from "vitest";
import { readCondition, writeCondition } from "./condition";
import { about, begun, type Held, relationsOf } from "./relations";

it("offers of a number no questions of text, and of a text no sizes", () => {
  expect(relationsOf("number").every((relation) => relation.startsWith("compare"))).toBe(true);
  expect(relationsOf("text")).toContain("text mentions");
  expect(relationsOf("text")).not.toContain("compare >");
  expect(relationsOf("list")).toEqual(["in", "not in"]);
  expect(relationsOf("boolean")).toEqual(["holds", "not holds"]);
});

it("offers all there is of what is not known", () => {
  for (const held of ["any", "map", undefined] satisfies Held[]) {
    for (const relation of ["compare <", "text matches", "not in", "holds"] as const) {
      expect(relationsOf(held)).toContain(relation);
    }
  }
});

it("begins with what can be asked of the name", () => {
  const written = (name: string, held: Held) => writeCondition(begun(name, held));
  expect(written("event.order.total", "number")).toBe("event.order.total > 0");
  expect(written("contact.language", "text")).toBe('contact.language == ""');
  expect(written("contact.tags", "list")).toBe('"" in contact.tags');
  expect(written("conversation.open", "boolean")).toBe("conversation.open");
});

it("keeps of a condition what can be asked of another name, too", () => {
  const moved = (code: string, name: string, held: Held) => {
    const condition = readCondition(code);
    return condition && writeCondition(about(condition, name, held));
  };
  expect(moved("event.order.total > 100", "event.order.items", "integer")).toBe("event.order.items > 100");
  expect(moved('text.mentions(event.text, "help")', "event.order.total", "number")).toBe("event.order.total > 0");
  expect(moved('!("vip" in contact.tags)', "vars.list", "list")).toBe('!("vip" in vars.list)');
  expect(moved('event.text == "hi"', "vars.x", undefined)).toBe('vars.x == "hi"');
});
