//! Conditions as parts that forms can show: read from rhai, and written as rhai again.
//!
//! Only the shapes people make in the builder are read; everything else stays a formula, byte for byte.

/** One side of a comparison. `code` is how it is written. */
export type Operand =
  | { kind: "name"; name: string; code: string }
  | { kind: "value"; value: string | number | boolean; code: string }
  | { kind: "list"; values: (string | number)[]; code: string }
  | { kind: "code"; code: string };

export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";
export const COMPARISONS: readonly Comparison[] = ["==", "!=", ">", ">=", "<", "<="];

/** The questions about text that the builder knows, as they are called. */
export type TextQuestion =
  | "mentions"
  | "mentions_all"
  | "equals"
  | "starts_with"
  | "ends_with"
  | "contains"
  | "matches";
export const TEXT_QUESTIONS: readonly TextQuestion[] = [
  "mentions",
  "mentions_all",
  "equals",
  "starts_with",
  "ends_with",
  "contains",
  "matches",
];

export type Condition =
  | { kind: "all" | "any"; parts: Condition[] }
  | { kind: "not"; part: Condition }
  | { kind: "compare"; left: Operand; op: Comparison; right: Operand }
  | { kind: "text"; question: TextQuestion; left: Operand; right: Operand }
  /** `right` is a list, such as the contact's tags, and has `left` in it. */
  | { kind: "in"; left: Operand; right: Operand }
  /** A name that is true or false by itself. */
  | { kind: "holds"; operand: Operand };

interface Token {
  text: string;
  from: number;
  to: number;
}

const TOKEN =
  /\s+|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)'|[0-9]+(?:\.[0-9]+)?|[A-Za-z_][A-Za-z0-9_]*|&&|\|\||==|!=|<=|>=|\?\?|\?\.|\?\[|[-+*/%<>!=()[\]{},.:;#|$]/y;

function tokens(code: string): Token[] | null {
  const all: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < code.length) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(code);
    if (!match) return null;
    if (match[0].trim() !== "") all.push({ text: match[0], from, to: TOKEN.lastIndex });
  }
  return all;
}

/** The parts of a condition, or nothing when it is a formula. */
export function readCondition(code: string): Condition | null {
  const all = tokens(code);
  if (!all || all.length === 0 || all.some(({ text }) => text === ";" || text === "|" || text === "{" || text === "if"))
    return null;
  const reader = new Reader(code, all);
  const found = reader.any();
  return found && reader.ended ? found : null;
}

class Reader {
  private at = 0;

  constructor(
    private readonly code: string,
    private readonly all: readonly Token[],
  ) {}

  get ended(): boolean {
    return this.at >= this.all.length;
  }

  any(): Condition | null {
    return this.joined("any", "||", () => this.every());
  }

  private every(): Condition | null {
    return this.joined("all", "&&", () => this.one());
  }

  private joined(kind: "all" | "any", sign: string, next: () => Condition | null): Condition | null {
    const parts: Condition[] = [];
    do {
      const part = next();
      if (!part) return null;
      parts.push(part);
    } while (this.take(sign));
    return parts.length === 1 ? (parts[0] ?? null) : { kind, parts };
  }

  private one(): Condition | null {
    if (this.take("!")) {
      const part = this.one();
      return part && { kind: "not", part };
    }
    return this.bracketed() ?? this.plain();
  }

  /** `( … )` around a whole condition; brackets around a sum are no such. */
  private bracketed(): Condition | null {
    const start = this.at;
    if (!this.take("(")) return null;
    const inner = this.any();
    const next = inner && this.take(")") ? this.all[this.at]?.text : "no";
    if (inner && (next === undefined || next === "&&" || next === "||" || next === ")")) return inner;
    this.at = start;
    return null;
  }

  private plain(): Condition | null {
    const left = this.operand();
    if (!left) return null;
    const sign = this.all[this.at]?.text;
    if (sign === "in") {
      this.at += 1;
      const right = this.operand();
      return right && { kind: "in", left, right };
    }
    const op = COMPARISONS.find((known) => known === sign);
    if (op) {
      this.at += 1;
      const right = this.operand();
      return right && { kind: "compare", left, op, right };
    }
    return asked(left);
  }

  /** Everything up to the next sign of a comparison or connection, brackets balanced. */
  private operand(): Operand | null {
    const start = this.at;
    let depth = 0;
    for (; this.at < this.all.length; this.at += 1) {
      const text = this.all[this.at]?.text ?? "";
      if (
        depth === 0 &&
        (text === "&&" ||
          text === "||" ||
          text === "in" ||
          COMPARISONS.includes(text as Comparison) ||
          text === ")" ||
          text === "!")
      )
        break;
      if (text === "(" || text === "[" || text === "?[") depth += 1;
      if (text === ")" || text === "]") depth -= 1;
    }
    const [first, last] = [this.all[start], this.all[this.at - 1]];
    if (!first || !last || this.at === start || depth !== 0) return null;
    return operandOf(this.code.slice(first.from, last.to));
  }

  private take(text: string): boolean {
    if (this.all[this.at]?.text !== text) return false;
    this.at += 1;
    return true;
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*(?:\??\.[A-Za-z_][A-Za-z0-9_]*)*$/;
const STRING = /^"(?:[^"\\]|\\.)*"$/;

/** What a piece of rhai is, as the builder sees it. */
export function operandOf(code: string): Operand {
  if (code === "true" || code === "false") return { kind: "value", value: code === "true", code };
  if (/^-?[0-9]+(?:\.[0-9]+)?$/.test(code)) return { kind: "value", value: Number(code), code };
  if (STRING.test(code)) return { kind: "value", value: unquote(code), code };
  if (NAME.test(code)) return { kind: "name", name: code.replaceAll("?.", "."), code };
  const values = code.startsWith("[") && code.endsWith("]") ? split(code.slice(1, -1)).map(operandOf) : null;
  if (values?.every((value) => value.kind === "value")) {
    return { kind: "list", values: values.map((value) => value.value as string | number), code };
  }
  const fallback = /^(\S+)\s*\?\?\s*(?:"(?:[^"\\]|\\.)*"|-?[0-9.]+|true|false)$/.exec(code);
  if (fallback?.[1] && NAME.test(fallback[1])) return { kind: "name", name: fallback[1].replaceAll("?.", "."), code };
  return { kind: "code", code };
}

/** A question that is no comparison: about text, about a list, or a name by itself. */
function asked(operand: Operand): Condition | null {
  if (operand.kind === "name") return { kind: "holds", operand };
  const call = /^(text\.([a-z_]+)|([A-Za-z_.?]+)\.contains)\(([\s\S]*)\)$/.exec(operand.code);
  if (!call) return null;
  const args = split(call[4] ?? "").map(operandOf);
  const question = TEXT_QUESTIONS.find((known) => known === call[2]);
  if (question && args.length === 2 && args[0] && args[1])
    return { kind: "text", question, left: args[0], right: args[1] };
  const list = call[3] ? operandOf(call[3]) : null;
  return list?.kind === "name" && args.length === 1 && args[0] ? { kind: "in", left: args[0], right: list } : null;
}

/** The parts of a list between commas that are in no bracket and no text. */
function split(code: string): string[] {
  const all = tokens(code) ?? [];
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { text, from: at, to } of all) {
    if ("([{".includes(text) || text === "?[") depth += 1;
    if (")]}".includes(text)) depth -= 1;
    if (text === "," && depth === 0) {
      parts.push(code.slice(from, at).trim());
      from = to;
    }
  }
  const last = code.slice(from).trim();
  return last === "" ? parts : [...parts, last];
}

function unquote(code: string): string {
  return code
    .slice(1, -1)
    .replace(/\\(.)/g, (_, character: string) => ({ n: "\n", t: "\t", r: "\r" })[character] ?? character);
}

export function quote(text: string): string {
  const escaped = text
    .replace(/[\\"]/g, "\\$&")
    .replaceAll("\n", "\\n")
    .replaceAll("\t", "\\t")
    .replaceAll("\r", "\\r");
  return `"${escaped}"`;
}

export function value(of: string | number | boolean): Operand {
  return { kind: "value", value: of, code: typeof of === "string" ? quote(of) : String(of) };
}

export function list(of: readonly (string | number)[]): Operand {
  const code = `[${of.map((item) => (typeof item === "string" ? quote(item) : String(item))).join(", ")}]`;
  return { kind: "list", values: [...of], code };
}

/** The order of sizes, which asks for numbers. */
const SIZES: readonly Comparison[] = ["<", "<=", ">", ">="];
export const asksSize = (op: string): boolean => SIZES.includes(op as Comparison);

/**
 * A number as people write it: `1 000`, `1,000`, `1'000`, `2,5` and `١٠٠٠`. A comma before exactly three digits parts thousands.
 * Null when it is none.
 */
export function typedNumber(text: string): number | null {
  const latin = text
    .trim()
    .replace(/[٠-٩۰-۹]/g, (digit) => String((digit.codePointAt(0) ?? 0) & 0xf))
    .replace("٫", ".")
    .replaceAll("٬", ",");
  const plain = /^-?[0-9]{1,3}(?:[\s'’,][0-9]{3})+(?:\.[0-9]+)?$/.test(latin)
    ? latin.replace(/[\s'’,]/g, "")
    : latin.replace(",", ".");
  return /^-?[0-9]+(?:\.[0-9]+)?$/.test(plain) ? Number(plain) : null;
}

/** A condition as rhai. Names of what may be missing keep the `?` they were written with. */
export function writeCondition(condition: Condition): string {
  switch (condition.kind) {
    case "all":
    case "any": {
      const inner = condition.parts.map((part) => {
        const text = writeCondition(part);
        return condition.kind === "all" && part.kind === "any" ? `(${text})` : text;
      });
      return inner.join(condition.kind === "all" ? " && " : " || ");
    }
    case "not": {
      const text = writeCondition(condition.part);
      return condition.part.kind === "holds" || condition.part.kind === "text" ? `!${text}` : `!(${text})`;
    }
    case "compare":
      return `${condition.left.code} ${condition.op} ${condition.right.code}`;
    case "text":
      return `text.${condition.question}(${condition.left.code}, ${condition.right.code})`;
    case "in":
      return `${condition.left.code} in ${condition.right.code}`;
    case "holds":
      return condition.operand.code;
  }
}
