// @vitest-environment node
import { expect, it } from "vitest";
import type { Problem } from "~/api/types";
import { addSteps, setAt } from "./commands";
import { createEditor, type EditorStore, select } from "./editor";
import { found, shownProblems } from "./problems";

const FLOW = 'format: 1\nflow: f\non: manual\nsteps:\n  - do: whatsapp.send_text\n    with: { text: "{{x}}" }\n';
const problem = (path: string | null): Problem => ({
  code: "wrong",
  line: 1,
  column: 1,
  message: `wrong: ${path}`,
  hint: null,
  path,
});
const shown = (store: EditorStore) => shownProblems(store.getState()).map(({ path }) => path);

it("shows what was found until it is changed, and the same list as long as nothing changes", () => {
  const store = createEditor(FLOW);
  found(store, [problem("steps/0/with/text"), problem("steps/0/do"), problem(null)]);
  expect(shown(store)).toEqual(["steps/0/with/text", "steps/0/do", null]);
  setAt(store, ["steps", "0", "with", "text"], "{{contact.name}}", "typing");
  expect(shown(store)).toEqual(["steps/0/do", null]);
  const before = shownProblems(store.getState());
  setAt(store, ["steps", "0", "with", "text"], "{{contact.names}}", "typing");
  expect(shownProblems(store.getState())).toBe(before);
});

it("says what a new step lacks once one goes away from it, and what is wrong in it at once", () => {
  const store = createEditor(FLOW);
  addSteps(store, "steps", 1, [{ do: "human.escalate", with: { team: "", reason: "" } }]);
  select(store, { kind: "step", path: "steps/1" });
  store.setState({ fresh: "steps/1" });
  setAt(store, ["steps", "1", "with", "team"], "{{");
  found(store, [problem("steps/1/with/team"), problem("steps/1/with/reason")]);
  expect(shown(store)).toEqual(["steps/1/with/team"]);
  select(store, { kind: "on" });
  expect(shown(store)).toEqual(["steps/1/with/team", "steps/1/with/reason"]);
  select(store, { kind: "step", path: "steps/1" });
  expect(shown(store)).toHaveLength(2);
});
