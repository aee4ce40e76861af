//! Conditions as sentences; whatever is no sentence is a formula, which experts edit as it is.

import { useQuery } from "@tanstack/react-query";
import { Braces, Lock, Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { type Translate, useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { Select } from "~/ui/select";
import { useSettled } from "~/ui/time";
import { formatPath } from "~/yaml";
import { readExpression } from "../api";
import {
  asksSize,
  type Comparison,
  type Condition,
  list,
  type Operand,
  operandOf,
  readCondition,
  value,
  writeCondition,
} from "../expression/condition";
import { about, begun, type Held, made, type Relation, relationOf, relationsOf, sides } from "../expression/relations";
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

type Group = Extract<Condition, { kind: "all" | "any" }>;
const isGroup = (condition: Condition): condition is Group => condition.kind === "all" || condition.kind === "any";

/** One condition, or a group of them. */
function Part({ condition, path, readOnly, onChange }: PartProps) {
  const t = useText();
  const [added, setAdded] = useState<number | null>(null);
  const add = (fresh: Condition) => {
    const parts = condition === null ? [] : isGroup(condition) ? condition.parts : [condition];
    setAdded(parts.length);
    if (condition === null) onChange(fresh);
    else onChange({ kind: isGroup(condition) ? condition.kind : "all", parts: [...parts, fresh] });
  };
  const adding = !readOnly && <Adding path={path} onAdd={add} />;
  if (!condition || !isGroup(condition)) {
    return (
      <div className={styles.group}>
        {condition && (
          <Row condition={condition} path={path} readOnly={readOnly} isNew={added === 0} onChange={onChange} />
        )}
        {adding}
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
          {isGroup(part) ? (
            <Part condition={part} path={path} readOnly={readOnly} onChange={(next) => replace(index, next)} />
          ) : (
            <Row
              condition={part}
              path={path}
              readOnly={readOnly}
              isNew={added === index}
              onChange={(next) => replace(index, next)}
            />
          )}
        </div>
      ))}
      {adding}
    </div>
  );
}

/** Asks what a new condition is about; before that is known nothing is written. */
function Adding({ path, onAdd }: { path: string; onAdd: (fresh: Condition) => void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  const heldBy = useHeld(path, open);
  return (
    <span ref={anchor} className={styles.name_button}>
      <Button size="s" icon={<Plus size={14} aria-hidden />} onPress={() => setOpen(true)}>
        {t("editor.add_condition")}
      </Button>
      <DataPicker
        path={path}
        anchor={anchor}
        isOpen={open}
        onClose={() => setOpen(false)}
        onPick={(name) => onAdd(begun(name, heldBy(name)))}
      />
    </span>
  );
}

/** What names of a place hold, as far as that is known. */
function useHeld(path: string, wanted: boolean): (name: string) => Held {
  const names = useScope(path, wanted);
  return (name) => names.find((own) => own.name === name)?.type;
}

const OTHERS = { in: "has", "not in": "has_not", holds: "holds", "not holds": "holds_not" } as const;

function relationInWords(relation: Relation, t: Translate): string {
  const [kind, word] = relation.split(" ");
  if (kind === "compare") return t(`editor.relation.${OP_WORDS[word as Comparison]}`);
  return t(`editor.relation.${kind === "text" ? word : OTHERS[relation as keyof typeof OTHERS]}`);
}

function Row({
  condition,
  path,
  readOnly,
  isNew,
  onChange,
}: PartProps & {
  condition: Condition;
  /** It was just added: one goes on in it. */
  isNew: boolean;
}) {
  const t = useText();
  const relation = relationOf(condition);
  const inner = condition.kind === "not" ? condition.part : condition;
  const heldBy = useHeld(path, true);
  if (!relation) {
    return (
      <div className={styles.locked}>
        <code dir="ltr">{writeCondition(condition)}</code>
        {!readOnly && <Remove onPress={() => onChange(null)} />}
      </div>
    );
  }
  const [left, right] = sides(inner);
  const held = left.kind === "name" ? heldBy(left.name) : undefined;
  const offered = relationsOf(held);
  const relations = (offered.includes(relation) ? offered : [relation, ...offered]).map((id) => ({
    id,
    label: relationInWords(id, t),
  }));
  const words = relation.startsWith("text");
  return (
    <div className={styles.condition}>
      <NameButton
        operand={left}
        path={path}
        readOnly={readOnly}
        isNew={isNew}
        onChange={(name) => onChange(about(condition, name, heldBy(name)))}
      />
      <Select
        compact
        label={t("editor.relation")}
        choices={relations}
        value={relation}
        onChange={(next) => onChange(made(left, next as Relation, right))}
        isDisabled={readOnly}
      />
      {!relation.endsWith("holds") && (
        <OperandInput
          operand={right}
          words={words}
          path={path}
          readOnly={readOnly}
          onChange={(next) => onChange(made(left, relation, next))}
        />
      )}
      {!readOnly && <Remove onPress={() => onChange(null)} />}
      {isNoNumber(inner, held) && <span className={styles.error}>{t("editor.no_number")}</span>}
    </div>
  );
}

/** Whether the size of a number is compared with a text that is none, which fails each run. */
function isNoNumber(condition: Condition, held: Held): boolean {
  const right = condition.kind === "compare" && asksSize(condition.op) ? condition.right : null;
  const isText = right?.kind === "value" && typeof right.value === "string" && right.value !== "";
  return isText && (held === "number" || held === "integer");
}

function Remove({ onPress }: { onPress: () => void }) {
  const t = useText();
  return (
    <IconButton size="s" label={t("editor.remove_condition")} icon={<X size={14} aria-hidden />} onPress={onPress} />
  );
}

function NameButton({
  operand,
  path,
  readOnly,
  isNew = false,
  onChange,
}: {
  operand: Operand;
  path: string;
  readOnly: boolean;
  isNew?: boolean;
  onChange: (name: string) => void;
}) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const anchor = useRef<HTMLSpanElement>(null);
  // The list it was chosen from gives the focus back to the button that opened it; then it can be taken.
  useEffect(() => {
    if (!isNew) return;
    const frame = requestAnimationFrame(() => anchor.current?.querySelector("button")?.focus());
    return () => cancelAnimationFrame(frame);
  }, [isNew]);
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
      <DataPicker path={path} anchor={anchor} isOpen={open} onClose={() => setOpen(false)} onPick={onChange} />
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
        <NameButton operand={operand} path={path} readOnly={readOnly} onChange={(name) => onChange(operandOf(name))} />
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
