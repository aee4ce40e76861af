// @vitest-environment node
//! Edits whose text matters to the letter.

import { describe, expect, it } from "vitest";
import {
  insertItems,
  moveItem,
  Refused,
  read,
  readSnippet,
  removeItem,
  removeKey,
  renameId,
  setValue,
  snippetOf,
} from ".";
import { isPlain } from "./scalar";

const lines = (...all: string[]) => `${all.join("\n")}\n`;

describe("one value changes one line", () => {
  it("keeps the quotes that were there", () => {
    const text = lines("a: 'x'   # one", 'b: "y"', "c: plain  # three");
    expect(setValue(read(text), ["a"], "it's").source.text).toBe(text.replace("'x'", "'it''s'"));
    expect(setValue(read(text), ["b"], "z").source.text).toBe(text.replace('"y"', '"z"'));
    expect(setValue(read(text), ["c"], "{{contact.name}}").source.text).toBe(
      text.replace("plain", '"{{contact.name}}"'),
    );
  });

  it("gives no quotes to a condition that had none, where it can be read without", () => {
    const text = lines("- when: a.b == 1 # why", "  c: { d: plain }");
    const set = (value: string, ...path: string[]) => setValue(read(text), path, value).source.text;
    expect(set('f(x, ["p", "q"])', "0", "when")).toBe(text.replace("a.b == 1", 'f(x, ["p", "q"])'));
    for (const unsafe of ["!a", "a: b", "a #b", "[a]", "yes", "a "]) {
      expect(set(unsafe, "0", "when")).toMatch(/when: ["'].*["'] # why/);
    }
    expect(set("a, b", "0", "c", "d")).toBe(text.replace("plain", '"a, b"'));
  });

  it("keeps the ends of lines and the byte order mark", () => {
    const text = "\uFEFFa: 1\r\nsteps:\r\n  - id: x # c\r\n";
    expect(insertItems(read(text), ["steps"], 1, snippetOf({ wait: "2h" })).source.text).toBe(
      `${text}  - wait: 2h\r\n`,
    );
  });

  it("leaves a comment behind a block's header", () => {
    const text = lines("s: | # said", "  one", "  two", "t: 1");
    expect(setValue(read(text), ["s"], "a\nb\n").source.text).toBe(lines("s: | # said", "  a", "  b", "t: 1"));
    expect(setValue(read(text), ["s"], "short").source.text).toBe(lines("s: short # said", "t: 1"));
  });

  it("touches no digit of a long number", () => {
    const text = lines("id: 12345678901234567890", "a: 1");
    expect(setValue(read(text), ["a"], 2).source.text).toBe(text.replace("a: 1", "a: 2"));
  });
});

describe("steps", () => {
  const text = lines(
    "steps:",
    "  # first",
    "  - if: a",
    "    then: [ { stop: x } ]",
    "  # second",
    "  - wait: 1h # short",
  );

  it("go into a list in brackets, which is written out", () => {
    const edited = insertItems(read(text), ["steps", "0", "then"], 1, snippetOf({ wait: "5m" }));
    expect(edited.source.text).toBe(
      lines(
        "steps:",
        "  # first",
        "  - if: a",
        "    then:",
        "      - { stop: x }",
        "      - wait: 5m",
        "  # second",
        "  - wait: 1h # short",
      ),
    );
  });

  it("go into a branch that is not there yet, behind the keys before it", () => {
    const edited = insertItems(read(text), ["steps", "0", "else"], 0, snippetOf({ stop: "nobody" }), [
      "if",
      "then",
      "else",
      "on_error",
    ]);
    expect(edited.source.text).toBe(text.replace("  # second", "    else:\n      - stop: nobody\n  # second"));
  });

  it("move with their comments", () => {
    const edited = moveItem(read(text), ["steps"], 1, ["steps", "0", "then"], 0);
    expect(edited.place).toEqual(["steps", "0", "then", "0"]);
    expect(edited.source.text).toBe(
      lines(
        "steps:",
        "  # first",
        "  - if: a",
        "    then:",
        "      # second",
        "      - wait: 1h # short",
        "      - { stop: x }",
      ),
    );
  });

  it("leave an empty list behind", () => {
    expect(removeItem(read("steps:\n  - wait: 1h\n"), ["steps"], 0).source.text).toBe("steps: []\n");
  });

  it("come as text from anywhere", () => {
    const pasted = readSnippet("    - do: x\r\n      # why\r\n      with: { a: 1 }\r\n    - stop: y\r\n");
    expect(pasted.text).toBe(lines("- do: x", "  # why", "  with: { a: 1 }", "- stop: y"));
    expect(readSnippet("do: x\nwith: {}\n").text).toBe(lines("- do: x", "  with: {}"));
    expect(() => readSnippet("just words")).toThrow(Refused);
  });

  it("take another id with all that speak of it", () => {
    const flow = lines(
      "steps:",
      "  - id: a",
      "    do: x",
      "  - if: steps.a.ok && steps.ab.ok # steps.a here is a remark",
      '  - wait: "{{steps.a.for}}"',
    );
    expect(renameId(read(flow), ["steps", "0"], "b").source.text).toBe(
      lines(
        "steps:",
        "  - id: b",
        "    do: x",
        "  - if: steps.b.ok && steps.ab.ok # steps.a here is a remark",
        '  - wait: "{{steps.b.for}}"',
      ),
    );
  });
});

describe("what has no right answer is refused", () => {
  it.each([
    ["an alias", () => setValue(read("a: &x 1\nb: *x\n"), ["b"], 2), "alias"],
    ["text that is not YAML", () => setValue(read("a: [\n"), ["a"], 2), "invalid"],
    [
      "a step into itself",
      () => moveItem(read("steps:\n  - then: []\n"), ["steps"], 0, ["steps", "0", "then"], 0),
      "inside_itself",
    ],
    ["a key that is not there", () => removeKey(read("a: 1\n"), ["b"]), "missing"],
  ])("%s", (_, edit, reason) => {
    expect(edit).toThrow(expect.objectContaining({ reason }));
  });
});

it("quotes whatever a reader of YAML could take for something else", () => {
  for (const text of [
    "yes",
    "on",
    "1e3",
    "007",
    "2026-01-01",
    "12:30",
    "null",
    "= now",
    "{{x}}",
    "a: b",
    "a #b",
    " a",
    "a ",
    "-",
    "*x",
    "",
  ]) {
    expect(isPlain(text), text).toBe(false);
  }
  for (const text of ["hello world", "48h", "1h30m", "Привет", "event.order.total", "https://shop.example/a"])
    expect(isPlain(text), text).toBe(true);
});
