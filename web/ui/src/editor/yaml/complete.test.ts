// @vitest-environment node
import { describe, expect, it } from "vitest";
import { read } from "~/yaml";
import type { Catalog } from "../api";
import { picture } from "../model/model";
import { rangeAt, stopAt } from "./caret";
import { offersAt } from "./complete";

const CATALOG = {
  actions: {
    "a.send": { name: "a.send", about: "Sends.", input: { properties: { text: { description: "What." }, to: {} } } },
  },
  triggers: {
    manual: { name: "manual", about: "By hand.", params: {} },
    "x.silent": { name: "x.silent", about: "", params: { properties: { after: {} } } },
  },
  serves: {},
} as unknown as Catalog;

const labels = (text: string) => offersAt(text, text.length, CATALOG)?.offers.map(({ label }) => label) ?? [];

describe("what is offered", () => {
  it.each<[string, string, string[]]>([
    [
      "keys of the head that are not there yet",
      "format: 1\nna",
      ["flow", "name", "note", "on", "when", "steps", "on_error", "finally", "tests"],
    ],
    ["actions", "steps:\n  - do: ", ["a.send"]],
    [
      "fields of the action that are not there yet",
      "steps:\n  - do: a.send\n    with:\n      text: x\n      t",
      ["to"],
    ],
    ["triggers", "on:\n  - ma", ["manual", "x.silent"]],
    ["fields of a trigger", "on:\n  - x.silent:\n      af", ["after"]],
    ["words", "steps:\n  - do: a.send\n    retry: ", ["standard", "none"]],
  ])("%s", (_, text, expected) => {
    expect(labels(text)).toEqual(expected);
  });

  it("is a step's keys by its verb, and verbs for a new step", () => {
    expect(labels("steps:\n  - if: a\n    th")).toEqual(["id", "name", "note", "then", "else", "on_error"]);
    expect(labels("steps:\n  - if: a\n    then:\n      - w")).toContain("wait");
  });

  it("is nothing in a comment or a text", () => {
    expect(labels("steps:\n  # do: ")).toEqual([]);
    expect(labels("name: anything")).toEqual([]);
  });
});

it("knows the step at the caret, and where a step is", () => {
  const source = read("on: manual\nsteps:\n  - if: a\n    then:\n      - wait: 1h\n  - stop: x\n");
  const flow = picture(source);
  expect(stopAt(source, flow, source.text.indexOf("1h"))).toEqual({ kind: "step", path: "steps/0/then/0" });
  expect(stopAt(source, flow, 5)).toEqual({ kind: "on" });
  expect(source.text.slice(...(rangeAt(source, { kind: "step", path: "steps/1" }) ?? [0, 0])).trim()).toBe("stop: x");
});
