// @vitest-environment node
import { describe, expect, it } from "vitest";
import type { Json } from "~/api/types";
import { read } from "~/yaml";
import type { Catalog, Simulation, TimelineRow } from "../api";
import { picture } from "../model/model";
import { alone, type Given, outcome, rhai, sampled } from "./alone";

const FLOW = picture(
  read(`
flow: f
on:
  - whatsapp.message_received: { keywords: [price] }
steps:
  - id: ticket
    do: crm.create_ticket
    with: { subject: hi }
  - set: { sum: 7 }
  - if: event.order.total > 5
    then:
      - set: { unsure: 1 }
      - for_each: event.items
        as: item
        steps:
          - id: told
            do: whatsapp.send_text
            with: { text: "{{item.sku}} {{steps.ticket.id}}" }
            on_error:
              - stop: late
`),
);
const CATALOG = {
  actions: { "crm.create_ticket": { name: "crm.create_ticket", sample: { id: "T1" } } },
  triggers: {
    "whatsapp.message_received": {
      params: { properties: { keywords: {} } },
      event: { properties: { text: {} } },
      sample: { text: "hello" },
    },
  },
  serves: {},
} as unknown as Catalog;

function made(path: string, given: Given = sampled(FLOW, CATALOG)): { flow: Record<string, Json>; path: string } {
  const step = FLOW.steps.get(path);
  if (!step) throw new Error(path);
  const { asked, path: place } = alone(FLOW, step, given, CATALOG);
  return { flow: JSON.parse(asked.text), path: place };
}

describe("a step by itself", () => {
  it("comes after what earlier steps left behind, and inside the loop that names its item", () => {
    const { flow, path } = made("steps/2/then/1/steps/0");
    expect(flow.steps).toEqual([
      { id: "ticket", script: '#{"id": "T1"}' },
      { set: { sum: 7 } },
      { set: { unsure: 1 } },
      {
        for_each: "event.items",
        as: "item",
        steps: [{ id: "told", do: "whatsapp.send_text", with: { text: "{{item.sku}} {{steps.ticket.id}}" } }],
      },
    ]);
    expect(path).toBe("steps/3/steps/0");
  });

  it("is told an error where it stands in an error's way", () => {
    const { flow, path } = made("steps/2/then/1/steps/0/on_error/0");
    expect(path).toBe("steps/4/steps/0/on_error/0");
    expect(JSON.stringify(flow.steps)).toContain('"on_error":[{"stop":"late"}]');
  });

  it("is started by any message, whatever words the trigger looks for", () => {
    expect(made("steps/0").flow.on).toEqual([{ "whatsapp.message_received": {} }]);
  });

  it("takes from a run what the run left behind", () => {
    const outputs = new Map<string, Json>([
      ["steps/0", { id: 'a "quoted" id', n: null }],
      ["steps/1", { sum: [1, true] }],
    ]);
    const given = { ...sampled(FLOW, CATALOG), outputs };
    expect(made("steps/2", given).flow.steps).toEqual([
      { id: "ticket", script: String.raw`#{"id": "a \"quoted\" id", "n": ()}` },
      { set: { sum: "= [1, true]" } },
      JSON.parse('{ "if": "event.order.total > 5", "then": [] }'),
    ]);
  });

  it("leaves out of an event what its schema does not know", () => {
    const step = FLOW.steps.get("steps/0");
    const given: Given = { ...sampled(FLOW, CATALOG), fields: { text: "hi", profile: { name: "Li" } } };
    if (step)
      expect(alone(FLOW, step, given, CATALOG).asked.events[0]?.event).toEqual({
        "whatsapp.message_received": { text: "hi" },
      });
  });
});

it("writes values as scripts do", () => {
  expect(rhai({ a: [1, 2.5, "x\ny\b", null, false], "b c": {} })).toBe(
    String.raw`#{"a": [1, 2.5, "x\ny\x08", (), false], "b c": #{}}`,
  );
});

describe("what became of it", () => {
  const row = (more: Partial<TimelineRow>): TimelineRow => ({
    at: "",
    offset: "0s",
    path: "steps/1",
    what: "call",
    words: "",
    ...more,
  });
  const of = (...timeline: TimelineRow[]): Simulation => ({
    timeline,
    end: "done",
    vars: {},
    tags: [],
    notes: [],
    coverage: timeline.flatMap(({ path }) => path ?? []),
  });

  it("is what went in and came out", () => {
    const rows = [row({ input: { a: 1 }, message: { text: "Hi" } }), row({ what: "answer", output: { id: "M" } })];
    expect(outcome(of(...rows), "steps/1")).toMatchObject({
      state: "done",
      input: { a: 1 },
      output: { id: "M" },
      text: "Hi",
    });
  });

  it("is why it failed, without a line of a text that nobody sees", () => {
    const words = "the step failed (template_failed): line 16, column 23: `x` has no value";
    expect(outcome(of(row({ what: "failed", words })), "steps/1")).toMatchObject({
      state: "failed",
      why: "the step failed (template_failed): `x` has no value",
    });
  });

  it("is how it ended when the step was not come to", () => {
    const ended = row({ path: null, what: "ended", words: "the run is done" });
    expect(outcome(of(row({ path: "steps/0", what: "failed", words: "no" }), ended), "steps/1")).toMatchObject({
      state: "unreached",
      why: "no",
    });
  });
});
