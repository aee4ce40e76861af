//! Names and conditions in the words of the people who read them.

import { type Translate, worded } from "~/i18n";
import { type Condition, type Operand, readCondition } from "./condition";
import { pieces } from "./template";

const ROOTS = [
  "event",
  "contact",
  "conversation",
  "steps",
  "vars",
  "now",
  "flow",
  "run",
  "error",
  "reply",
  "item",
  "index",
  "answer",
];

/** `contact.fields.size` as "contact: size": where it comes from, and what it is. */
export function nameInWords(name: string, t: Translate): string {
  if (name === "event.text") return t("editor.name.event_text");
  const [root = "", ...rest] = name.split(".");
  const from = ROOTS.includes(root) ? t(`editor.name.${root}`) : root;
  // Steps, variables and the contact's own fields are named by whoever wrote the flow.
  const own = root === "vars" || rest[0] === "fields";
  const word = (part: string, at: number) =>
    !own && !(root === "steps" && at === 0) && worded(`editor.part.${part}`) ? t(`editor.part.${part}`) : spaced(part);
  const shown = rest.filter((part) => part !== "fields" && part !== "output").map(word);
  // What came in is named by what it is: an order's total is the order's, not the event's order's.
  const [thing = "", ...parts] = shown;
  if (root === "event" && parts.length > 0) return `${begun(thing)}: ${parts.join(" · ")}`;
  return shown.length === 0 ? from : `${from}: ${shown.join(" · ")}`;
}

const begun = (words: string) => words.charAt(0).toLocaleUpperCase() + words.slice(1);

const spaced = (part: string) => part.replaceAll("_", " ");

/** A text with its inserted values in words, on one line, for previews. */
export function textInWords(text: string, t: Translate): string {
  return pieces(text)
    .map((piece) =>
      piece.kind === "words" ? piece.text : piece.kind === "name" ? `‹${nameInWords(piece.name, t)}›` : "‹…›",
    )
    .join("")
    .replace(/\s+/g, " ")
    .trim();
}

/** A condition as a sentence; a formula as it is. */
export function conditionInWords(code: string, t: Translate): string {
  const condition = readCondition(code);
  return condition ? sentence(condition, t) : code;
}

export const OP_WORDS = { "==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge" } as const;

function sentence(condition: Condition, t: Translate): string {
  switch (condition.kind) {
    case "all":
    case "any": {
      const parts = condition.parts.map((part) => sentence(part, t));
      return parts.join(condition.kind === "all" ? t("editor.condition.and") : t("editor.condition.or"));
    }
    case "not":
      return t("editor.condition.not", { what: sentence(condition.part, t) });
    case "compare":
      return t(`editor.compare.${OP_WORDS[condition.op]}`, {
        left: operand(condition.left, t),
        right: operand(condition.right, t),
      });
    case "text":
      return t(`editor.text.${condition.question}`, {
        left: operand(condition.left, t),
        right: operand(condition.right, t),
      });
    case "in":
      return t("editor.condition.in", { left: operand(condition.left, t), right: operand(condition.right, t) });
    case "holds":
      return t("editor.condition.holds", { what: operand(condition.operand, t) });
  }
}

function operand(of: Operand, t: Translate): string {
  if (of.kind === "name") return nameInWords(of.name, t);
  if (of.kind === "list") return of.values.join(", ");
  if (of.kind === "value")
    return typeof of.value === "boolean"
      ? t(of.value ? "editor.yes" : "editor.no")
      : String(of.value) || t("editor.nothing");
  return of.code;
}
