// @vitest-environment node
//! A picture that is drawn after another one says what one drawn afresh says, whatever was changed in between.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { read } from "~/yaml";
import { setAt } from "../state/commands";
import { createEditor, type EditorStore, setText, undoEdit } from "../state/editor";
import { removeSteps } from "../state/several";
import { picture } from "./model";

const FLOWS = join(process.cwd(), "../../flows/");
const library = readdirSync(FLOWS)
  .filter((name) => name.endsWith(".yaml"))
  .filter((_, at) => at % 6 === 0);

function same(store: EditorStore): void {
  const { source, picture: now } = store.getState();
  const fresh = picture(read(source.text));
  expect(now).toEqual(fresh);
  expect([...now.steps.keys()]).toEqual([...fresh.steps.keys()]);
}

describe.each(library)("%s", (name) => {
  it("is drawn again as it is drawn afresh", () => {
    const store = createEditor(readFileSync(join(FLOWS, name), "utf8"));
    for (const path of [...store.getState().picture.steps.keys()].slice(0, 6)) {
      setAt(store, [...path.split("/"), "note"], `about ${path}`);
      same(store);
      if (removeSteps(store, [path]) === null) same(store);
      undoEdit(store);
      same(store);
    }
  });
});

it("keeps the steps that an edit is not about, and those around it only where they changed", () => {
  const store = createEditor(
    "on: manual\nsteps:\n  - if: a\n    then:\n      - wait: 1h\n      - wait: 2h\n  - stop: x\n",
  );
  const before = store.getState().picture.steps;
  setAt(store, ["steps", "0", "then", "1", "wait"], "3h");
  const after = store.getState().picture.steps;
  const kept = [...after.keys()].filter((path) => after.get(path) === before.get(path));
  expect(kept).toEqual(["steps/0/then/0", "steps/1"]);
});

it("reads the same lines anew when they stand deeper", () => {
  const script = () => store.getState().picture.steps.get("steps/0")?.data.script;
  const store = createEditor("steps:\n  - script: |1\n       b\n");
  expect(script()).toBe("  b\n");
  setText(store, "steps:\n   - script: |1\n       b\n");
  expect(script()).toBe(" b\n");
});
