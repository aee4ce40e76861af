//! A word more for a rule: put into its list of words where it has one, so that the rest of its condition stays as it is written.

import { list, quote, readCondition, value, writeCondition } from "~/editor/expression/condition";
import { RULE_KEYS } from "~/editor/model/verbs";
import { type EditorStore, edit } from "~/editor/state/editor";
import { difference, parsePath, type Reason, setValue } from "~/yaml";
import { Draft, type Edited } from "~/yaml/edit";
import { nodeAt, rangeOf, type Source } from "~/yaml/source";
import type { RuleView } from "./model";

/** Adds a word to what the rule looks for in messages. */
export function addKeyword(store: EditorStore, rule: RuleView, word: string): Reason | null {
  return edit(store, (source) => withKeyword(source, rule, word));
}

export function withKeyword(source: Source, rule: RuleView, word: string): Edited {
  const path = [...parsePath(rule.path), "when"];
  const code = rule.when ?? "";
  const place = endOfWords(code);
  if (place !== null) {
    const next = `${code.slice(0, place)}, ${quote(word)}${code.slice(place)}`;
    return inPlace(source, path, word) ?? setValue(source, path, next, RULE_KEYS);
  }
  return setValue(source, path, joined(code, word), RULE_KEYS);
}

/** Where the list of words ends that messages are searched for: before its bracket. */
function endOfWords(code: string): number | null {
  const start = /text\.mentions\(\s*event\.text\s*,\s*\[/.exec(code);
  if (!start) return null;
  let quoted = false;
  for (let at = start.index + start[0].length; at < code.length; at += 1) {
    const sign = code[at];
    if (quoted && sign === "\\") at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && sign === "]") return code.slice(0, at).trimEnd().length;
  }
  return null;
}

/** The same in the text of the document, where the condition stands as it is: not in quotes of YAML. */
function inPlace(source: Source, path: readonly string[], word: string): Edited | null {
  const [from, to] = rangeOf(nodeAt(source, path));
  const written = source.text.slice(from, to);
  const place = /^["']/.test(written) ? null : endOfWords(written);
  if (place === null) return null;
  const draft = new Draft(source);
  const insert = `, ${quote(word)}`;
  draft.splice({ from: from + place, to: from + place, insert });
  const before = nodeAt(source, path) as { value?: unknown };
  const after = nodeAt(draft.source, path) as { value?: unknown } | undefined;
  // What was meant is the old condition with the word in it, and nothing else.
  const { insert: added } = difference(String(before.value), String(after?.value ?? ""));
  const clean = draft.source.doc.errors.length === 0 && added.replaceAll(/\s/g, "") === insert.replaceAll(/\s/g, "");
  return clean ? { source: draft.source, batches: [[{ from: from + place, to: from + place, insert }]] } : null;
}

/** A condition with the word beside what it asks already. */
function joined(code: string, word: string): string {
  const left = { kind: "name", name: "event.text", code: "event.text" } as const;
  const mentions = { kind: "text", question: "mentions", left } as const;
  const condition = code.trim() === "" ? null : readCondition(code);
  if (code.trim() === "") return writeCondition({ ...mentions, right: list([word]) });
  if (condition?.kind === "text" && condition.question === "mentions" && condition.right.kind === "value") {
    return writeCondition({ ...condition, right: list([String(condition.right.value), word]) });
  }
  const own = writeCondition({ ...mentions, right: value(word) });
  return condition && condition.kind !== "all" ? `${code.trim()} || ${own}` : `(${code.trim()}) || ${own}`;
}
