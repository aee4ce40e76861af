// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { read } from "~/yaml";
import { formatDuration, parseDuration, split } from "./duration";
import { type Layout, layout, NORMAL, type Options, type Place } from "./layout";
import { picture } from "./model";
import { beside, stopKey, stops } from "./walk";

const FLOWS = join(process.cwd(), "../../flows/");
const library = readdirSync(FLOWS).filter((name) => name.endsWith(".yaml"));
const all = (text: string) => picture(read(text));
const options: Options = { collapsed: new Set(), sizes: NORMAL, rtl: false };

const FLOW = `
format: 1
flow: f
on: manual
steps:
  - if: a
    then: [ { stop: x } ]
  - switch: b
    cases: { "1": [ { wait: 1h } ], two/2: [] }
  - id: q
    ask: How?
    timeout: 1h
    on_timeout: [ { stop: late } ]
  - repeat: { id: menu, max: 3, steps: [ { again: menu } ] }
  - run_flow: other
    wait: false
  - do: x.y
    on_error: [ { set: { a: 1 } } ]
finally: []
`;

describe("the picture of a flow", () => {
  const flow = all(FLOW);

  it("has every step at its place in the text", () => {
    expect([...flow.steps.keys()]).toEqual([
      "steps/0",
      "steps/0/then/0",
      "steps/1",
      "steps/1/cases/1/0",
      "steps/2",
      "steps/2/on_timeout/0",
      "steps/3",
      "steps/3/repeat/steps/0",
      "steps/4",
      "steps/5",
      "steps/5/on_error/0",
    ]);
    expect(flow.steps.get("steps/4")?.verb).toBe("run_flow");
    expect(flow.steps.get("steps/3")?.id).toBe("menu");
  });

  it("has the ways that are not written out, too", () => {
    const ways = flow.steps.get("steps/1")?.lanes.map((lane) => [lane.path, lane.kind, lane.label, lane.exists]);
    expect(ways).toEqual([
      ["steps/1/cases/1", "case", "1", true],
      ["steps/1/cases/two~12", "case", "two/2", true],
      ["steps/1/default", "default", null, false],
    ]);
  });

  it("knows behind which steps nothing comes", () => {
    expect(flow.steps.get("steps/0/then/0")?.goesOn).toBe(false);
    expect(flow.steps.get("steps/0")?.goesOn).toBe(true);
  });

  it("takes any text that is YAML", () => {
    for (const text of [
      "",
      "a",
      "- 1",
      "steps: 5",
      "steps: [1, [2], {}]",
      "on: {}",
      "steps: [{if: {}, then: 4}]",
      "on: [null]",
    ]) {
      expect(() => layout(all(text), options)).not.toThrow();
    }
  });

  it("is read down, and aside between branches", () => {
    expect(
      stops(flow, new Set(["steps/1"]))
        .map(stopKey)
        .slice(0, 6),
    ).toEqual(["on", "steps/0", "steps/0/then/0", "steps/0/else/+", "steps/1", "steps/2"]);
    expect(beside(flow, { kind: "step", path: "steps/0/then/0" }, 1)).toEqual({ kind: "empty", list: "steps/0/else" });
    expect(beside(flow, { kind: "empty", list: "steps/0/else" }, -1)).toEqual({ kind: "step", path: "steps/0/then/0" });
  });
});

describe("the layout", () => {
  const apart = (a: Place, b: Place) =>
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
  const overlaps = (plan: Layout) => {
    const cards = plan.places.filter(({ kind }) => kind !== "frame" && kind !== "label");
    return cards.flatMap((one, at) =>
      cards
        .slice(at + 1)
        .filter((other) => !apart(one, other))
        .map((other) => [one.key, other.key]),
    );
  };

  it("lets no two steps overlap in any flow of the library", () => {
    for (const name of library)
      expect(overlaps(layout(all(readFileSync(FLOWS + name, "utf8")), options)), name).toEqual([]);
    expect(overlaps(layout(all(FLOW), options))).toEqual([]);
  });

  it("is mirrored where one reads from the right", () => {
    const [left, right] = [layout(all(FLOW), options), layout(all(FLOW), { ...options, rtl: true })];
    expect(right.places.map(({ x, width }) => -x - width || 0)).toEqual(left.places.map(({ x }) => x || 0));
  });

  it("takes at most 10 ms for 500 steps", () => {
    const lines = ["flow: big", "steps:"];
    for (let at = 0; at < 125; at += 1)
      lines.push(
        `  - id: a${at}`,
        "    if: x",
        "    then:",
        "      - wait: 1h",
        "      - do: a.b",
        "    else:",
        "      - stop: y",
      );
    const big = all(lines.join("\n"));
    expect(big.steps.size).toBe(500);
    const times = Array.from({ length: 20 }, () => {
      const start = performance.now();
      layout(big, options);
      return performance.now() - start;
    });
    expect(Math.min(...times)).toBeLessThanOrEqual(10);
  });
});

it("reads and writes durations as the format does", () => {
  expect(["48h", "1h30m", "500ms", "1m500ms", "", "5", "3x"].map(parseDuration)).toEqual([
    172_800_000,
    5_400_000,
    500,
    60_500,
    null,
    null,
    null,
  ]);
  expect([0, 500, 90_000, 172_800_000].map(formatDuration)).toEqual(["0s", "500ms", "1m30s", "2d"]);
  expect(split("48h")).toEqual({ amount: 48, unit: "h" });
  expect(split("1h30m")).toBeNull();
});
