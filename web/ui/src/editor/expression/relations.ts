//! What the middle of a condition's sentence says, and which of it can be asked of what.

import type { ScopeName } from "../api";
import {
  asksSize,
  COMPARISONS,
  type Comparison,
  type Condition,
  type Operand,
  operandOf,
  TEXT_QUESTIONS,
  type TextQuestion,
  typedNumber,
  value,
} from "./condition";

export type Relation = `compare ${Comparison}` | `text ${TextQuestion}` | "in" | "not in" | "holds" | "not holds";

/** What a name holds; nothing when that is not known. */
export type Held = ScopeName["type"] | undefined;

const SAME: readonly Relation[] = ["compare ==", "compare !="];
const SIZES: readonly Relation[] = COMPARISONS.map((op): Relation => `compare ${op}`);
const WORDS: readonly Relation[] = TEXT_QUESTIONS.map((question): Relation => `text ${question}`);
const PARTS: readonly Relation[] = ["in", "not in"];
const TRUTH: readonly Relation[] = ["holds", "not holds"];

const OF: Partial<Record<ScopeName["type"], readonly Relation[]>> = {
  integer: SIZES,
  number: SIZES,
  time: SIZES,
  text: [...SAME, ...WORDS],
  boolean: TRUTH,
  list: PARTS,
};

/** What can be asked of a name that holds `held`: all there is of what is not known. */
export function relationsOf(held: Held): readonly Relation[] {
  return (held && OF[held]) ?? [...SIZES, ...WORDS, ...PARTS, ...TRUTH];
}

/** The relation of a condition; nothing when it is one that rows do not show. */
export function relationOf(condition: Condition): Relation | null {
  const inner = condition.kind === "not" ? condition.part : condition;
  const not = condition.kind === "not";
  if (inner.kind === "compare" && !not) return `compare ${inner.op}`;
  if (inner.kind === "text" && !not) return `text ${inner.question}`;
  if (inner.kind === "in") return not ? "not in" : "in";
  if (inner.kind === "holds") return not ? "not holds" : "holds";
  return null;
}

/** In rows the list stands first and what it has second, as people say it. */
export function sides(condition: Condition): [Operand, Operand] {
  switch (condition.kind) {
    case "compare":
    case "text":
      return [condition.left, condition.right];
    case "in":
      return [condition.right, condition.left];
    case "holds":
      return [condition.operand, value("")];
    default:
      return [value(""), value("")];
  }
}

/** The condition that a row says. */
export function made(left: Operand, relation: Relation, right: Operand): Condition {
  const [kind, word] = relation.split(" ");
  if (kind === "compare") {
    const one = single(right);
    return { kind: "compare", left, op: word as Comparison, right: asksSize(word ?? "") ? sized(one) : one };
  }
  if (kind === "text")
    return { kind: "text", question: word as TextQuestion, left, right: word === "matches" ? single(right) : right };
  if (relation === "in") return { kind: "in", left: single(right), right: left };
  if (relation === "not in") return { kind: "not", part: { kind: "in", left: single(right), right: left } };
  const holds: Condition = { kind: "holds", operand: left };
  return relation === "holds" ? holds : { kind: "not", part: holds };
}

/** The first condition about a name: of a number whether it is more than none, for a text compared with a number fails. */
export function begun(name: string, held: Held): Condition {
  const isNumber = held === "number" || held === "integer";
  const relation = isNumber ? "compare >" : (relationsOf(held)[0] ?? "compare ==");
  return made(operandOf(name), relation, value(isNumber ? 0 : ""));
}

/** A condition about another name than before: as it was if that can be asked of it, else a new one. */
export function about(condition: Condition, name: string, held: Held): Condition {
  const relation = relationOf(condition);
  if (!relation || !relationsOf(held).includes(relation)) return begun(name, held);
  const inner = condition.kind === "not" ? condition.part : condition;
  return made(operandOf(name), relation, sides(inner)[1]);
}

/** What is written as a number is one where sizes are compared. */
function sized(operand: Operand): Operand {
  const number = operand.kind === "value" && typeof operand.value === "string" ? typedNumber(operand.value) : null;
  return number === null ? operand : value(number);
}

function single(operand: Operand): Operand {
  return operand.kind === "list" ? value(operand.values[0] ?? "") : operand;
}
