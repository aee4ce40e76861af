// @vitest-environment node
//! Several steps at once: what stands in the text afterwards, and that one undo takes it back.

import { expect, it, vi } from "vitest";
import { apply, difference } from "~/yaml";
import { createEditor, type EditorStore, redoEdit, undoEdit } from "./editor";
import { outermost, selectAll, selected, selectMore, selectTo, standOn, toggleSelected } from "./selection";
import { copySteps, duplicateSteps, moveSteps, moveStepsTo, removeSteps } from "./several";
import { wrapSteps } from "./wrap";

vi.stubGlobal("sessionStorage", { getItem: () => "w", setItem: () => undefined });

const FLOW = `# the head
flow: f
on: manual
steps:
  # first
  - wait: 1h # short

  - if: vars.x > 1
    then:
      # of then
      - wait: 2h
      - wait: 3h # three
    else:
      - id: four
        wait: 4h

  - wait: 5h
  - wait: 6h
on_error:
  - stop: no
`;

const text = (store: EditorStore) => store.getState().source.text;
const paths = (store: EditorStore) => [...store.getState().picture.steps.keys()];

/** Whatever was done is one thing to undo, and can be done again. */
function undone(store: EditorStore, now = text(store)): void {
  expect(store.getState().history.undo.length).toBe(1);
  undoEdit(store);
  expect(text(store)).toBe(FLOW);
  redoEdit(store);
  expect(text(store)).toBe(now);
}

it("removes steps of many branches with their comments and leaves every other line", () => {
  const store = createEditor(FLOW);
  expect(removeSteps(store, ["steps/0", "steps/1/then/1", "steps/1/else/0", "steps/3"])).toBeNull();
  expect(text(store)).toBe(`# the head
flow: f
on: manual
steps:

  - if: vars.x > 1
    then:
      # of then
      - wait: 2h
    else: []

  - wait: 5h
on_error:
  - stop: no
`);
  expect(store.getState().stop).toEqual({ kind: "step", path: "steps/0" });
  undone(store);
});

it("leaves brackets where all steps of a branch went, and takes steps that stand in brackets", () => {
  const store = createEditor(
    "on: manual\nsteps:\n  - if: a\n    then: [ { wait: 1h }, { wait: 2h }, { wait: 3h } ] # c\n  - stop: x\n",
  );
  expect(removeSteps(store, ["steps/0/then/0", "steps/0/then/2", "steps/1"])).toBeNull();
  expect(text(store)).toBe("on: manual\nsteps:\n  - if: a\n    then: [ { wait: 2h } ] # c\n");
  expect(removeSteps(store, ["steps/0"])).toBeNull();
  expect(text(store)).toBe("on: manual\nsteps: []\n");
});

it("moves steps of many branches to one place, in the order in which they are read", () => {
  const store = createEditor(FLOW);
  expect(moveStepsTo(store, ["steps/0", "steps/1/then/1", "steps/1/else/0"], "steps", 3)).toBeNull();
  expect(text(store)).toBe(`# the head
flow: f
on: manual
steps:

  - if: vars.x > 1
    then:
      # of then
      - wait: 2h
    else: []

  - wait: 5h
  # first
  - wait: 1h # short
  - wait: 3h # three
  - id: four
    wait: 4h
  - wait: 6h
on_error:
  - stop: no
`);
  expect(store.getState()).toMatchObject({
    stop: { kind: "step", path: "steps/2" },
    many: ["steps/2", "steps/3", "steps/4"],
  });
  undone(store);
});

it("moves into a branch, out of it, and nowhere into itself", () => {
  const store = createEditor(FLOW);
  expect(moveStepsTo(store, ["steps/2", "steps/3"], "steps/1/else", 0)).toBeNull();
  expect(store.getState().many).toEqual(["steps/1/else/0", "steps/1/else/1"]);
  expect(moveSteps(store, ["steps/1/else/0", "steps/1/else/1"], -1)).toBeNull();
  expect(store.getState().many).toEqual(["steps/1", "steps/2"]);
  expect(moveStepsTo(store, ["steps/0", "steps/3"], "steps/3/then", 0)).toBe("inside_itself");
});

it("moves a row past its neighbour, and no steps that are apart", () => {
  const store = createEditor(FLOW);
  expect(moveSteps(store, ["steps/0", "steps/2"], 1)).toBe("apart");
  expect(moveSteps(store, ["steps/2", "steps/3"], 1)).toBe("missing");
  expect(moveSteps(store, ["steps/2", "steps/3"], -1)).toBeNull();
  expect(store.getState().picture.steps.get("steps/3")?.verb).toBe("if");
  expect(text(store)).toContain("  - wait: 1h # short\n  - wait: 5h\n  - wait: 6h\n\n  - if: vars.x > 1\n");
  undone(store);
});

it("changes nothing when a row is put where it is", () => {
  const store = createEditor(FLOW);
  for (const gap of [2, 3, 4]) expect(moveStepsTo(store, ["steps/2", "steps/3"], "steps", gap)).toBeNull();
  expect(text(store)).toBe(FLOW);
  expect(store.getState().history.undo).toEqual([]);
});

it("copies steps with their comments in the order in which they are read", () => {
  const store = createEditor(FLOW);
  expect(copySteps(store, ["steps/0", "steps/1/else/0"])).toBe("# first\n- wait: 1h # short\n- id: four\n  wait: 4h\n");
});

it("puts copies behind the steps of each branch, and selects them", () => {
  const store = createEditor(FLOW);
  expect(duplicateSteps(store, ["steps/0", "steps/1/else/0", "steps/2"])).toBeNull();
  expect(store.getState().many).toEqual(["steps/1/else/1", "steps/3", "steps/4"]);
  const verbs = paths(store).map((path) => store.getState().picture.steps.get(path)?.data.wait);
  expect(verbs).toEqual(["1h", undefined, "2h", "3h", "4h", "4h", "5h", "1h", "5h", "6h", undefined]);
  expect(store.getState().picture.steps.get("steps/1/else/1")?.id).toBe("four_2");
  undone(store);
});

it("wraps only what stands in a row", () => {
  const store = createEditor(FLOW);
  expect(wrapSteps(store, ["steps/0", "steps/2"], "if")).toBe("apart");
  expect(wrapSteps(store, ["steps/2", "steps/3"], "if")).toBeNull();
  expect(text(store)).toContain('  - if: ""\n    then:\n      - wait: 5h\n      - wait: 6h\n\non_error');
  undone(store);
});

it("gives back what was selected when it is undone", () => {
  const store = createEditor(FLOW);
  selectAll(store, ["steps/2", "steps/3"]);
  removeSteps(store, selected(store.getState()));
  expect(store.getState().many).toEqual([]);
  undoEdit(store);
  expect(store.getState().many).toEqual(["steps/2", "steps/3"]);
});

it("touches the text where the steps are and nowhere else", () => {
  const store = createEditor(FLOW);
  const before = text(store);
  removeSteps(store, ["steps/1/then/0", "steps/1/then/1"]);
  const change = difference(before, text(store));
  expect(before.slice(change.from, change.to)).toBe("\n      # of then\n      - wait: 2h\n      - wait: 3h # three");
  expect(apply(before, [change])).toContain("    then: []\n    else:\n");
});

it("selects by range, across branches the steps around, and by ones", () => {
  const store = createEditor(FLOW);
  const now = () => selected(store.getState());
  selectTo(store, "steps/1/then/0");
  expect(now()).toEqual(["steps/1/then/0"]);
  selectMore(store, 1);
  expect(now()).toEqual(["steps/1/then/0", "steps/1/then/1"]);
  selectMore(store, 1);
  expect(now()).toEqual(["steps/1/then/0", "steps/1/then/1"]);
  selectMore(store, -1);
  expect(now()).toEqual(["steps/1/then/0"]);
  selectTo(store, "steps/3");
  expect(now()).toEqual(["steps/1", "steps/2", "steps/3"]);
  selectTo(store, "steps/0");
  expect(now()).toEqual(["steps/0", "steps/1"]);
  toggleSelected(store, "steps/0", true);
  expect(now()).toEqual(["steps/1"]);
  toggleSelected(store, "steps/1/else/0", true);
  expect(now()).toEqual(["steps/1"]);
  standOn(store, { kind: "step", path: "steps/3" });
  expect([store.getState().stop, now()]).toEqual([{ kind: "step", path: "steps/3" }, ["steps/1"]]);
  toggleSelected(store, "steps/3", false);
  expect(now()).toEqual(["steps/1", "steps/3"]);
});

it("knows that what is inside a selected step goes with it", () => {
  const { picture } = createEditor(FLOW).getState();
  expect(outermost(picture, ["steps/1/then/0", "steps/3", "steps/1"])).toEqual(["steps/1", "steps/3"]);
});
