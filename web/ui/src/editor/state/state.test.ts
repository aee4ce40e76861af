//! Editing, undoing, saving: the state of an open document without its views.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { autosave, keptCopy } from "./autosave";
import { addSteps, pasteSteps, setAt, setId } from "./commands";
import { createEditor, type EditorStore, redoEdit, select, setText, undoEdit } from "./editor";
import { copySteps, duplicateSteps, moveSteps, moveStepsTo, removeSteps } from "./several";

const TEXT = `# the head
format: 1
flow: f
on: manual
steps:
  # first
  - id: a
    wait: 1h # short
  - if: steps.a.x > 1
    then: []
  - stop: enough
`;

const text = (store: EditorStore) => store.getState().source.text;

describe("edits", () => {
  it("are undone one by one from whichever view they came, to the same bytes", () => {
    const store = createEditor(TEXT);
    addSteps(store, "steps/1/then", 0, [{ wait: "5m" }]);
    setText(store, `${text(store)}# typed\n`);
    moveSteps(store, ["steps/2"], -1);
    setId(store, "steps/0", "b");
    removeSteps(store, ["steps/1"]);
    duplicateSteps(store, ["steps/0"]);
    const after = text(store);
    let count = 0;
    while (undoEdit(store)) count += 1;
    expect(text(store)).toBe(TEXT);
    for (let at = 0; at < count; at += 1) redoEdit(store);
    expect(text(store)).toBe(after);
    expect(count).toBe(6);
  });

  it("of one field within half a second are one", () => {
    vi.useFakeTimers();
    const store = createEditor(TEXT);
    for (const words of ["n", "no", "non", "none"]) {
      setAt(store, ["steps", "2", "stop"], words, "steps/2/stop");
      vi.advanceTimersByTime(200);
    }
    vi.advanceTimersByTime(600);
    setAt(store, ["steps", "2", "stop"], "later", "steps/2/stop");
    undoEdit(store);
    expect(text(store)).toContain(`stop: "none"`);
    undoEdit(store);
    expect(text(store)).toBe(TEXT);
    vi.useRealTimers();
  });

  it("move a step out of its branch at the branch's end", () => {
    const store = createEditor(TEXT);
    moveStepsTo(store, ["steps/0"], "steps/1/then", 0);
    expect(store.getState().stop).toEqual({ kind: "step", path: "steps/0/then/0" });
    moveSteps(store, ["steps/0/then/0"], 1);
    expect([...store.getState().picture.steps.keys()]).toEqual(["steps/0", "steps/1", "steps/2"]);
    expect(store.getState().picture.steps.get("steps/1")?.id).toBe("a");
  });

  it("give pasted steps ids that are free, and what speaks of them follows", () => {
    const store = createEditor(TEXT);
    const copied = `${copySteps(store, ["steps/0"])}- stop: "{{steps.a.x}}"\n`;
    expect(pasteSteps(store, "steps", 3, copied)).toBeNull();
    expect(text(store)).toContain('  # first\n  - id: a_2\n    wait: 1h # short\n  - stop: "{{steps.a_2.x}}"\n');
  });

  it("select what comes after a step that went, or its empty branch", () => {
    const store = createEditor(TEXT);
    moveStepsTo(store, ["steps/0"], "steps/1/then", 0);
    removeSteps(store, ["steps/0/then/0"]);
    expect(store.getState().stop).toEqual({ kind: "empty", list: "steps/0/then" });
    select(store, { kind: "step", path: "steps/1" });
    removeSteps(store, ["steps/1"]);
    expect(store.getState().stop).toEqual({ kind: "step", path: "steps/0" });
  });
});

it("keeps the last picture while the text is no YAML, and takes no visual edits then", () => {
  const store = createEditor(TEXT);
  const before = store.getState().picture;
  setText(store, TEXT.replace("steps:", "steps: ["));
  expect(store.getState().broken).not.toBeNull();
  expect(store.getState().picture).toBe(before);
  expect(removeSteps(store, ["steps/0"])).toBe("invalid");
  undoEdit(store);
  expect(store.getState().broken).toBeNull();
});

describe("saving", () => {
  const answer = (status: number, body: unknown) =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
  const saved = (revision: string) => answer(200, { revision, problems: [], changed_at: "2026-01-01T00:00:00.000Z" });
  const server = vi.fn<typeof fetch>();
  beforeEach(() => {
    vi.useFakeTimers();
    server.mockReset();
    vi.stubGlobal("fetch", server);
    localStorage.clear();
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });
  const revisions = () => server.mock.calls.map(([, init]) => new Headers(init?.headers).get("if-match"));

  it("comes 800 ms after the last change, with the revision that the last one gave", async () => {
    server.mockImplementation(async () => saved(`${server.mock.calls.length + 1}`));
    const store = createEditor(TEXT);
    const saves = autosave(store, "flows", "f", "1", null);
    setText(store, `${TEXT}# 1\n`);
    await vi.advanceTimersByTimeAsync(799);
    setText(store, `${TEXT}# 12\n`);
    await vi.advanceTimersByTimeAsync(799);
    expect(server).not.toHaveBeenCalled();
    expect(keptCopy("flows", "f")?.text).toBe(`${TEXT}# 12\n`);
    await vi.advanceTimersByTimeAsync(1);
    expect(saves.store.getState().saving.state).toBe("saved");
    expect(keptCopy("flows", "f")).toBeNull();
    setText(store, `${TEXT}# 2\n`);
    await vi.advanceTimersByTimeAsync(800);
    expect(revisions()).toEqual(['"1"', '"2"']);
    saves.stop();
  });

  it("says so when it fails, keeps the copy, and tries again", async () => {
    server.mockRejectedValueOnce(new TypeError("no network")).mockImplementation(async () => saved("2"));
    const store = createEditor(TEXT);
    const saves = autosave(store, "flows", "f", "1", null);
    setText(store, `${TEXT}# 1\n`);
    await vi.advanceTimersByTimeAsync(800);
    expect(saves.store.getState().saving.state).toBe("offline");
    expect(keptCopy("flows", "f")).not.toBeNull();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(saves.store.getState().saving.state).toBe("saved");
    saves.stop();
  });

  it("takes what others saved when the lock becomes ours, but never in place of unsaved changes", async () => {
    server.mockImplementation(async () => answer(200, { text: "flow: theirs\n", revision: "5", changed_at: null }));
    const store = createEditor(TEXT);
    const saves = autosave(store, "flows", "f", "1", null);
    await saves.refresh();
    expect(text(store)).toBe("flow: theirs\n");
    expect(saves.store.getState().revision).toBe("5");
    setText(store, "flow: mine\n");
    await saves.refresh();
    expect(text(store)).toBe("flow: mine\n");
    saves.stop();
  });

  it("never writes over what somebody else saved until a person says so", async () => {
    server
      .mockResolvedValueOnce(answer(409, { error: { code: "changed", message: "changed", details: null } }))
      .mockResolvedValueOnce(answer(200, { text: "flow: theirs\n", revision: "9", changed_by: "Marco" }))
      .mockImplementation(async () => saved("10"));
    const store = createEditor(TEXT);
    const saves = autosave(store, "flows", "f", "1", null);
    setText(store, `${TEXT}# mine\n`);
    await vi.advanceTimersByTimeAsync(800);
    expect(saves.store.getState().saving).toMatchObject({ state: "conflict", by: "Marco", theirs: "flow: theirs\n" });
    setText(store, `${TEXT}# mine too\n`);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(server).toHaveBeenCalledTimes(2);
    await saves.keepMine();
    expect(revisions().at(-1)).toBe('"9"');
    expect(saves.store.getState().saving.state).toBe("saved");
    saves.stop();
  });
});
