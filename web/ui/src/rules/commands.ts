//! Edits of a file of rules, each as splices of its text.

import { quote } from "~/editor/expression/condition";
import { documentOf } from "~/editor/inspector/field";
import { RULE_KEYS } from "~/editor/model/verbs";
import { asText, isWrittenMap } from "~/editor/model/view";
import { type EditorStore, edit } from "~/editor/state/editor";
import type { Translate } from "~/i18n";
import {
  copyItem,
  insertItems,
  moveItem,
  parsePath,
  type Reason,
  readSnippet,
  removeItem,
  removeKey,
  type Source,
  setValue,
  snippetOf,
  type Value,
} from "~/yaml";
import { scalarText } from "~/yaml/scalar";
import { freeRuleId, type RuleView, rulesOf } from "./model";

const LIST = ["list"];
const FILE_KEYS = ["format", "rules", "name", "note", "list", "tests"];

export const rulesNow = (store: EditorStore): RuleView[] => rulesOf(documentOf(store.getState()));

/** Puts a rule before the one at `gap`, both counted as they are now. Gives where it then is, or why not. */
export function moveRule(store: EditorStore, index: number, gap: number): Reason | null {
  if (gap === index || gap === index + 1) return null;
  return edit(store, (source) => moveItem(source, LIST, index, LIST, gap));
}

/** A rule, as text, that looks for a word in messages and gives a tag. */
export function ruleFor(id: string, word: string, t: Translate): string {
  const when = scalarText(`text.mentions(event.text, [${quote(word)}])`);
  return `- rule: ${id}
  name: ${scalarText(word)}
  on: whatsapp.message_received
  when: ${when}
  then: { add_tags: [${scalarText(t("rules.new_tag"))}] }
`;
}

/** Puts a new rule, given as text, before the one at `gap`. */
export function addRule(store: EditorStore, gap: number, rule: string): Reason | null {
  return edit(store, (source) => insertItems(source, LIST, gap, readSnippet(rule), FILE_KEYS));
}

export function removeRule(store: EditorStore, index: number): Reason | null {
  return edit(store, (source) => removeItem(source, LIST, index));
}

/** A copy behind the rule, under an id of its own, that only watches until somebody says otherwise. */
export function duplicateRule(store: EditorStore, rule: RuleView): Reason | null {
  const taken = rulesNow(store).map(({ id }) => id);
  const copy = (source: Source) => {
    const inserted = insertItems(source, LIST, rule.index + 1, copyItem(source, LIST, rule.index));
    const place = ["list", String(rule.index + 1)];
    const named = setValue(inserted.source, [...place, "rule"], freeRuleId(rule.id, taken));
    const watched = setValue(named.source, [...place, "watch"], true, RULE_KEYS);
    return { source: watched.source, batches: [...inserted.batches, ...named.batches, ...watched.batches] };
  };
  return edit(store, copy);
}

/** Sets a key of a rule that is `false` when it is not there. */
export function setFlag(store: EditorStore, rule: RuleView, key: "watch" | "stop", on: boolean): Reason | null {
  const path = [...parsePath(rule.path), key];
  const there = isWrittenMap(ruleAt(store, rule.index)) && key in (ruleAt(store, rule.index) as object);
  if (on) return edit(store, (source) => setValue(source, path, true, RULE_KEYS));
  return there ? edit(store, (source) => removeKey(source, path)) : null;
}

function ruleAt(store: EditorStore, index: number) {
  const root = documentOf(store.getState());
  const list = isWrittenMap(root) ? root.list : null;
  return Array.isArray(list) ? list[index] : null;
}

/** Adds a test to the end of the file's tests. */
export function addTest(store: EditorStore, test: Record<string, Value>): Reason | null {
  const root = documentOf(store.getState());
  const tests = isWrittenMap(root) && Array.isArray(root.tests) ? root.tests : [];
  return edit(store, (source) => insertItems(source, ["tests"], tests.length, snippetOf(test), FILE_KEYS));
}

/** The names of the file's tests. */
export function testNames(store: EditorStore): string[] {
  const root = documentOf(store.getState());
  const tests = isWrittenMap(root) && Array.isArray(root.tests) ? root.tests : [];
  return tests.map((test) => (isWrittenMap(test) ? asText(test.name) : ""));
}
