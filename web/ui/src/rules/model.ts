//! The rules of a file as its table and its forms see them: each with its place in the text.

import type { Trigger } from "~/editor/model/model";
import { asText, isWrittenMap, type Written, type WrittenMap } from "~/editor/model/view";

/** One rule. */
export interface RuleView {
  /** Its place, as in `list/2`. */
  path: string;
  index: number;
  id: string;
  name: string | null;
  triggers: Trigger[];
  when: string | null;
  does: DoesView;
  stop: boolean;
  watch: boolean;
}

/** What a rule does. */
export interface DoesView {
  add: string[];
  remove: string[];
  keep: string | null;
  priority: string | null;
  language: string | null;
  fields: [string, string][];
  team: string | null;
}

/** The rules of a document in their order; what is not as the format wants it is left out or empty, never an error. */
export function rulesOf(root: Written): RuleView[] {
  const list = isWrittenMap(root) && Array.isArray(root.list) ? root.list : [];
  return list.map((rule, index) => ruleView(isWrittenMap(rule) ? rule : {}, index));
}

function ruleView(rule: WrittenMap, index: number): RuleView {
  const path = `list/${index}`;
  return {
    path,
    index,
    id: asText(rule.rule),
    name: asText(rule.name) || null,
    triggers: triggersAt(rule.on, `${path}/on`),
    when: asText(rule.when) || null,
    does: doesView(isWrittenMap(rule.then) ? rule.then : {}),
    stop: rule.stop === true,
    watch: rule.watch === true,
  };
}

function doesView(then: WrittenMap): DoesView {
  const escalate = isWrittenMap(then.escalate) ? then.escalate : {};
  const fields = isWrittenMap(then.fields) ? Object.entries(then.fields) : [];
  return {
    add: texts(then.add_tags),
    remove: texts(then.remove_tags),
    keep: asText(then.for) || null,
    priority: asText(then.priority) || null,
    language: asText(then.language) || null,
    fields: fields.map(([name, value]) => [name, asText(value)]),
    team: asText(escalate.team) || null,
  };
}

function texts(value: Written | undefined): string[] {
  return Array.isArray(value) ? value.map(asText) : [];
}

/** What a rule listens to, with the place of each. */
export function triggersAt(on: Written | undefined, path: string): Trigger[] {
  if (Array.isArray(on)) return on.map((one, index) => trigger(one, `${path}/${index}`));
  return on === undefined || on === null ? [] : [trigger(on, path)];
}

function trigger(one: Written, path: string): Trigger {
  if (!isWrittenMap(one)) return { path, type: asText(one), params: {}, when: null, id: null };
  const type = Object.keys(one).find((key) => key !== "when" && key !== "id") ?? "";
  const params = one[type];
  return { path, type, params: isWrittenMap(params) ? params : {}, when: asText(one.when) || null, id: null };
}

/** Every tag that the rules of a document give or take. */
export function tagsOf(rules: readonly RuleView[]): string[] {
  return [...new Set(rules.flatMap(({ does }) => [...does.add, ...does.remove]))].sort();
}

/** An id of a rule made of words, that no other rule has. */
export function freeRuleId(words: string, taken: readonly string[]): string {
  const plain = words
    .normalize("NFKD")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 48)
    .replace(/-+$/, "");
  const wish = plain || "rule";
  if (!taken.includes(wish)) return wish;
  for (let number = 2; ; number += 1) if (!taken.includes(`${wish}-${number}`)) return `${wish}-${number}`;
}

/** A rule that is not as it was; without `before` it is new, without `now` it is gone. */
export type Changed =
  | { id: string; before: RuleView; now: RuleView | null }
  | { id: string; before: null; now: RuleView };

/** Rules that differ in more than their place, in the order of the new list; those that are gone come last. */
export function changedRules(before: readonly RuleView[], now: readonly RuleView[]): Changed[] {
  const plain = ({ path: _, index: __, triggers, ...rest }: RuleView) =>
    JSON.stringify([rest, triggers.map(({ type, params, when }) => [type, params, when])]);
  const found: Changed[] = [];
  for (const rule of now) {
    const was = before.find(({ id }) => id === rule.id) ?? null;
    if (was === null || plain(was) !== plain(rule)) found.push({ id: rule.id, before: was, now: rule } as Changed);
  }
  const gone = before.filter(({ id }) => !now.some((rule) => rule.id === id));
  return [...found, ...gone.map((rule): Changed => ({ id: rule.id, before: rule, now: null }))];
}

/** Whether rules that are on both sides stand in another order. */
export function moved(before: readonly RuleView[], now: readonly RuleView[]): boolean {
  const both = (one: readonly RuleView[], other: readonly RuleView[]) =>
    one.map(({ id }) => id).filter((id) => other.some((rule) => rule.id === id));
  return both(before, now).join(" ") !== both(now, before).join(" ");
}
