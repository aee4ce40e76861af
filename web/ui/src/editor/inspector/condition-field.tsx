//! Conditions as sentences; whatever is no sentence is a formula, which experts edit as it is.

import { useQuery } from "@tanstack/react-query";
import { Braces, Lock, Plus, X } from "lucide-react";
import { useRef, useState } from "react";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { Select } from "~/ui/select";
import { useSettled } from "~/ui/time";
import { formatPath } from "~/yaml";
import { readExpression } from "../api";
import {
  asksSize,
  COMPARISONS,
  type Comparison,
  type Condition,
  list,
  type Operand,
  operandOf,
  readCondition,
  TEXT_QUESTIONS,
  type TextQuestion,
  typedNumber,
  value,
  writeCondition,
} from "../expression/condition";
import { conditionInWords, nameInWords, OP_WORDS } from "../expression/words";
import { asText } from "../model/view";
import { useEditor } from "../state/editor";
import { DataPicker } from "./data-picker";
import { useField } from "./field";
import styles from "./inspector.module.css";
import { useScope } from "./names";
import { FormulaText, type Shown } from "./values";

/** A condition at a place of the text. */
export function ConditionField({ label, hint, path, required }: Shown) {
  const t = useText();
  const field = useField(path, required);
  const code = asText(field.value);
  const [expert, setExpert] = useState(false);
  const said = useServerWord(code, formatPath(path), field.error === null);
  const condition = code.trim() === "" ? null : readCondition(code);
  const write = (next: Condition | null) => (next ? field.set(writeCondition(next)) : field.setText(""));
  const locked = code.trim() !== "" && condition === null;
  return (
    <fieldset className={styles.set}>
      <legend className={styles.label}>{label}</legend>
      {locked && !expert && (
        <div className={styles.locked}>
          <Lock size={14} aria-hidden />
          <code dir="ltr">{code}</code>
          <span className={styles.hint}>{t("editor.formula_locked")}</span>
        </div>
      )}
      {expert ? (
        <FormulaText bare label={label} hint={t("editor.formula_hint")} field={field} />
      ) : (
        !locked && (
          <>
            {condition && (
              <p className={styles.sentence}>
                <bdi dir="auto">{conditionInWords(code, t)}</bdi>
              </p>
            )}
            <Part condition={condition} path={formatPath(path)} readOnly={field.readOnly} onChange={write} />
          </>
        )
      )}
      {!field.readOnly && (locked || condition || expert) && (
        <Button size="s" look="plain" onPress={() => setExpert(!expert)} isDisabled={expert && locked}>
          {expert ? t("editor.as_sentence") : t("editor.as_formula")}
        </Button>
      )}
      {(field.error || said || hint) && (
        <span className={field.error || said ? styles.error : styles.hint}>{field.error || said || hint}</span>
      )}
    </fieldset>
  );
}

/** What the server finds wrong with an expression while it is written. */
function useServerWord(code: string, path: string, wanted: boolean): string | null {
  const settled = useSettled(code, 500);
  const flow = useEditor((state) => state.source.text);
  const { data } = useQuery({
    queryKey: ["expression", path, settled],
    queryFn: () => readExpression(settled, "condition", flow, path),
    enabled: wanted && settled.trim() !== "",
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  return settled === code ? (data?.problems[0]?.message ?? null) : null;
}

interface PartProps {
  condition: Condition | null;
  path: string;
  readOnly: boolean;
  onChange: (next: Condition | null) => void;
}

const FRESH: Condition = { kind: "compare", left: operandOf("contact.language"), op: "==", right: value("") };

/** One condition, or a group of them. */
function Part({ condition, path, readOnly, onChange }: PartProps) {
  const t = useText();
  // A condition that was just added asks at once what it is about.
  const [added, setAdded] = useState<number | null>(null);
  const add = (next: Condition, index: number) => {
    setAdded(index);
    onChange(next);
  };
  if (condition?.kind !== "all" && condition?.kind !== "any") {
    return (
      <div className={styles.group}>
        {condition && (
          <Row condition={condition} path={path} readOnly={readOnly} begin={added === 0} onChange={onChange} />
        )}
        {!readOnly && (
          <Button
            size="s"
            icon={<Plus size={14} aria-hidden />}
            onPress={() => (condition ? add({ kind: "all", parts: [condition, FRESH] }, 1) : add(FRESH, 0))}
          >
            {t("editor.add_condition")}
          </Button>
        )}
      </div>
    );
  }
  const { parts } = condition;
  const replace = (index: number, next: Condition | null) => {
    const kept = next ? parts.map((own, at) => (at === index ? next : own)) : parts.filter((_, at) => at !== index);
    onChange(kept.length === 1 ? (kept[0] ?? null) : { ...condition, parts: kept });
  };
  const choices = [
    { id: "all", label: t("editor.condition.all") },
    { id: "any", label: t("editor.condition.any") },
  ];
  return (
    <div className={styles.group}>
      <Select
        compact
        label={t("editor.condition.how")}
        choices={choices}
        value={condition.kind}
        onChange={(kind) => onChange({ ...condition, kind: kind as "all" })}
        isDisabled={readOnly}
      />
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place.
        <div key={index} className={styles.part}>
          {part.kind === "all" || part.kind === "any" ? (
            <Part condition={part} path={path} readOnly={readOnly} onChange={(next) => replace(index, next)} />
          ) : (
            <Row
              condition={part}
              path={path}
              readOnly={readOnly}
              begin={added === index}
              onChange={(next) => replace(index, next)}
            />
          )}
        </div>
      ))}
      {!readOnly && (
        <Button
          size="s"
          icon={<Plus size={14} aria-hidden />}
          onPress={() => add({ ...condition, parts: [...parts, FRESH] }, parts.length)}
        >
          {t("editor.add_condition")}
        </Button>
      )}
    </div>
  );
}

/** The relation of a row: what the middle of its sentence says. */
type Relation = `compare ${Comparison}` | `text ${TextQuestion}` | "in" | "not in" | "holds" | "not holds";

function relationOf(condition: Condition): Relation | null {
  const inner = condition.kind === "not" ? condition.part : condition;
  const not = condition.kind === "not";
  if (inner.kind === "compare" && !not) return `compare ${inner.op}`;
  if (inner.kind === "text" && !not) return `text ${inner.question}`;
  if (inner.kind === "in") return not ? "not in" : "in";
  if (inner.kind === "holds") return not ? "not holds" : "holds";
  return null;
}

function Row({
  condition,
  path,
  readOnly,
  begin,
  onChange,
}: PartProps & {
  condition: Condition;
  /** Begins with the list of data open. */
  begin: boolean;
}) {
  const t = useText();
  const relation = relationOf(condition);
  const inner = condition.kind === "not" ? condition.part : condition;
  const noNumber = useNoNumber(inner, path);
  if (!relation) {
    return (
      <div className={styles.locked}>
        <code dir="ltr">{writeCondition(condition)}</code>
        {!readOnly && <Remove onPress={() => onChange(null)} />}
      </div>
    );
  }
  const [left, right] = sides(inner);
  const relations: { id: string; label: string }[] = [
    ...COMPARISONS.map((op) => ({ id: `compare ${op}`, label: t(`editor.relation.${OP_WORDS[op]}`) })),
    ...TEXT_QUESTIONS.map((question) => ({ id: `text ${question}`, label: t(`editor.relation.${question}`) })),
    { id: "in", label: t("editor.relation.has") },
    { id: "not in", label: t("editor.relation.has_not") },
    { id: "holds", label: t("editor.relation.holds") },
    { id: "not holds", label: t("editor.relation.holds_not") },
  ];
  const build = (nextLeft: Operand, nextRelation: Relation, nextRight: Operand) =>
    onChange(made(nextLeft, nextRelation, nextRight));
  const words = relation.startsWith("text");
  return (
    <div className={styles.condition}>
      <NameButton
        operand={left}
        path={path}
        readOnly={readOnly}
        begin={begin}
        onChange={(next) => build(next, relation, right)}
      />
      <Select
        compact
        label={t("editor.relation")}
        choices={relations}
        value={relation}
        onChange={(next) => build(left, next as Relation, right)}
        isDisabled={readOnly}
      />
      {!relation.endsWith("holds") && (
        <OperandInput
          operand={right}
          words={words}
          path={path}
          readOnly={readOnly}
          onChange={(next) => build(left, relation, next)}
        />
      )}
      {!readOnly && <Remove onPress={() => onChange(null)} />}
      {noNumber && <span className={styles.error}>{t("editor.no_number")}</span>}
    </div>
  );
}

/** Whether the size of a number is compared with a text that is none, which fails each run. */
function useNoNumber(condition: Condition, path: string): boolean {
  const right = condition.kind === "compare" && asksSize(condition.op) ? condition.right : null;
  const text = right?.kind === "value" && typeof right.value === "string" && right.value !== "";
  const names = useScope(path, text);
  const left = condition.kind === "compare" && condition.left.kind === "name" ? condition.left.name : null;
  return text && names.some(({ name, type }) => name === left && (type === "number" || type === "integer"));
}

function Remove({ onPress }: { onPress: () => void }) {
  const t = useText();
  return (
    <IconButton size="s" label={t("editor.remove_condition")} icon={<X size={14} aria-hidden />} onPress={onPress} />
  );
}

/** In rows the list stands first and what it has second, as people say it. */
function sides(condition: Condition): [Operand, Operand] {
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

function made(left: Operand, relation: Relation, right: Operand): Condition {
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

/** What is written as a number is one where sizes are compared. */
function sized(operand: Operand): Operand {
  const number = operand.kind === "value" && typeof operand.value === "string" ? typedNumber(operand.value) : null;
  return number === null ? operand : value(number);
}

function single(operand: Operand): Operand {
  return operand.kind === "list" ? value(operand.values[0] ?? "") : operand;
}

function NameButton({
  operand,
  path,
  readOnly,
  begin = false,
  onChange,
}: {
  operand: Operand;
  path: string;
  readOnly: boolean;
  begin?: boolean;
  onChange: (next: Operand) => void;
}) {
  const t = useText();
  const [open, setOpen] = useState(begin);
  const anchor = useRef<HTMLSpanElement>(null);
  const close = () => {
    setOpen(false);
    // The list gives the focus back to where it was, which was not here when the row began with it.
    requestAnimationFrame(() => anchor.current?.querySelector("button")?.focus());
  };
  const words = operand.kind === "name" ? nameInWords(operand.name, t) : operand.code;
  return (
    <span ref={anchor} className={styles.name_button}>
      <Button
        size="s"
        isDisabled={readOnly}
        onPress={() => setOpen(true)}
        aria-label={t("editor.choose_data", { now: words })}
      >
        <bdi dir="auto">{words || t("editor.choose_name")}</bdi>
      </Button>
      <DataPicker
        path={path}
        anchor={anchor}
        isOpen={open}
        onClose={close}
        onPick={(name) => onChange(operandOf(name))}
      />
    </span>
  );
}

/** The right side: a text, a number, yes or no, or several words with commas between. */
function OperandInput({
  operand,
  words,
  path,
  readOnly,
  onChange,
}: {
  operand: Operand;
  words: boolean;
  path: string;
  readOnly: boolean;
  onChange: (next: Operand) => void;
}) {
  const t = useText();
  const box = useRef<HTMLSpanElement>(null);
  // The button that opened the list is gone when a name stands in the value's place.
  const pick = (name: string) => {
    onChange(operandOf(name));
    requestAnimationFrame(() => box.current?.querySelector("button")?.focus());
  };
  if (operand.kind === "name" || operand.kind === "code") {
    return (
      <span ref={box} className={styles.operand}>
        <NameButton operand={operand} path={path} readOnly={readOnly} onChange={onChange} />
        {!readOnly && (
          <IconButton
            size="s"
            label={t("editor.write_value")}
            icon={<X size={12} aria-hidden />}
            onPress={() => onChange(value(""))}
          />
        )}
      </span>
    );
  }
  const shown = operand.kind === "list" ? operand.values.join(", ") : String(operand.value);
  const text = operand.kind !== "value" || typeof operand.value === "string";
  return (
    <span ref={box} className={styles.operand}>
      <ValueInput shown={shown} words={words} text={text} readOnly={readOnly} onChange={onChange} />
      {!readOnly && <DataButton path={path} onPick={pick} />}
    </span>
  );
}

/** Compares with data instead of a value that is written out. */
function DataButton({ path, onPick }: { path: string; onPick: (name: string) => void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  return (
    <span ref={anchor}>
      <IconButton
        size="s"
        label={t("editor.choose_name")}
        icon={<Braces size={14} aria-hidden />}
        onPress={() => setOpen(true)}
      />
      <DataPicker path={path} anchor={anchor} isOpen={open} onClose={() => setOpen(false)} onPick={onPick} />
    </span>
  );
}

function ValueInput({
  shown,
  words,
  text,
  readOnly,
  onChange,
}: {
  shown: string;
  words: boolean;
  text: boolean;
  readOnly: boolean;
  onChange: (next: Operand) => void;
}) {
  const t = useText();
  const [typed, setTyped] = useState<string | null>(null);
  const take = (raw: string) => {
    setTyped(raw);
    const items = raw
      .split(/[,،、，]/)
      .map((item) => item.trim())
      .filter(Boolean);
    if (words && items.length > 1) onChange(list(items));
    else if (raw === "true" || raw === "false") onChange(value(raw === "true"));
    else if (/^-?[0-9]+(?:\.[0-9]+)?$/.test(raw) && !(text && typed === null && raw.startsWith("0")))
      onChange(value(words ? raw : Number(raw)));
    else onChange(value(raw));
  };
  return (
    <input
      className={styles.input}
      dir="auto"
      aria-label={t(words ? "editor.words_with_commas" : "editor.value")}
      placeholder={t(words ? "editor.words_with_commas" : "editor.value")}
      value={typed ?? shown}
      readOnly={readOnly}
      onChange={(event) => take(event.target.value)}
      onBlur={() => setTyped(null)}
    />
  );
}
