// @vitest-environment node
import { describe, expect, it } from "vitest";
import { readCondition, typedNumber, writeCondition } from "./condition";
import { pieces } from "./template";

describe("conditions", () => {
  it.each([
    "event.order.total > 0",
    'event.order.total >= 1000 && "vip" in contact.tags',
    '!(a == 1) || b && (c || d != "x")',
    'text.mentions(event.text, ["price", "цена"])',
    "!conversation.window_open",
    "conversation.session.messages == 7",
    'contact.fields?.size == "L"',
    '(steps?.a?.b ?? "none") == "none"',
    "hour(now, vars.zone) >= 20",
  ])("%s is read and written as it was", (code) => {
    const read = readCondition(code);
    expect(read).not.toBeNull();
    expect(readCondition(writeCondition(read as NonNullable<typeof read>))).toEqual(read);
    expect(writeCondition(read as NonNullable<typeof read>)).toBe(code);
  });

  it("sees a contact's tags in both ways of asking", () => {
    expect(readCondition('contact.tags.contains("vip")')).toMatchObject({
      kind: "in",
      left: { value: "vip" },
      right: { name: "contact.tags" },
    });
  });

  it.each(["let a = 1; a > 0", "list.all(|x| x > 1)", "a &&", "", "if a { b } else { c }", "a = 1", 'f("x")', "(a"])(
    "%s stays a formula",
    (code) => {
      expect(readCondition(code)).toBeNull();
    },
  );
});

it.each([
  ["1000", 1000],
  ["1 000", 1000],
  ["1\u202f000\u00a0000", 1_000_000],
  ["1,000", 1000],
  ["1'000.5", 1000.5],
  ["2,5", 2.5],
  ["-3", -3],
  ["١٬٠٠٠", 1000],
  ["١٢٫٥", 12.5],
])("%s is the number that people mean", (text, number) => {
  expect(typedNumber(text)).toBe(number);
});

it.each(["", "1 00", "a thousand", "1000 EUR", "2026-01-01", "1,2,3"])("%s is no number", (text) => {
  expect(typedNumber(text)).toBeNull();
});

it("takes text apart and together again", () => {
  const text = 'Hi {{contact.name}}, {{default event.x "none"}} {{#if vars.a}}yes{{/if}} {{{raw}}} { }';
  expect(
    pieces(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
  expect(pieces(text).filter(({ kind }) => kind === "name")).toMatchObject([
    { name: "contact.name" },
    { name: "event.x", fallback: "none" },
    { name: "raw" },
  ]);
});
