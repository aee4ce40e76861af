//! Fields for the kinds of values the format has.

import { FunctionSquare, Type } from "lucide-react";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import { TextField } from "~/ui/field";
import { Select } from "~/ui/select";
import { formatPath, type Value } from "~/yaml";
import { formulaOf, isFormula } from "../expression/template";
import { formatDuration, parseDuration, split, type Unit } from "../model/duration";
import { asText } from "../model/view";
import { type Field, useField } from "./field";
import styles from "./inspector.module.css";
import { PillText } from "./pill-text";

export interface Shown {
  label: string;
  hint?: string | null;
  path: readonly string[];
  required?: boolean;
  /** The label is read out only. */
  bare?: boolean;
}

/** Text with inserted values, or a formula; `typed` writes numbers and booleans as such. */
export function TemplateField({ label, hint, path, required, bare, typed }: Shown & { typed?: boolean }) {
  const t = useText();
  const field = useField(path, required);
  const text = asText(field.value);
  const formula = isFormula(text);
  const toggle = () => (formula ? field.setText("") : field.set("= "));
  const set = (next: string) => {
    const plain = typed && !formula ? literal(next) : next;
    if (typeof plain === "string") field.setText(plain);
    else field.set(plain);
  };
  const button = field.readOnly ? null : (
    <IconButton
      size="s"
      label={t(formula ? "editor.as_text" : "editor.as_formula")}
      icon={formula ? <Type size={14} aria-hidden /> : <FunctionSquare size={14} aria-hidden />}
      onPress={toggle}
    />
  );
  return (
    <div className={styles.with_tool}>
      {formula ? (
        <FormulaText label={label} bare={bare ?? false} hint={hint ?? null} field={field} prefix="= " />
      ) : (
        <PillText
          label={label}
          bare={bare ?? false}
          value={text}
          onChange={set}
          path={formatPath(field.path)}
          hint={hint ?? null}
          error={field.error}
          readOnly={field.readOnly}
        />
      )}
      {button}
    </div>
  );
}

/** Rhai, as it is; names are inserted without braces. */
export function FormulaText({
  label,
  hint,
  field,
  prefix = "",
  bare = false,
}: {
  label: string;
  hint: string | null;
  field: Field;
  prefix?: string;
  bare?: boolean;
}) {
  const text = asText(field.value);
  return (
    <div className={styles.formula}>
      <PillText
        label={label}
        bare={bare}
        value={prefix ? formulaOf(text) : text}
        onChange={(next) => field.set(prefix + next)}
        path={formatPath(field.path)}
        hint={hint}
        error={field.error}
        readOnly={field.readOnly}
        insert={(name) => name}
      />
    </div>
  );
}

/** A line of plain text. */
export function PlainField({ label, hint, path, required, mono }: Shown & { mono?: boolean }) {
  const field = useField(path, required);
  return (
    <TextField
      label={label}
      hint={hint}
      error={field.error}
      value={asText(field.value)}
      onChange={field.setText}
      isReadOnly={field.readOnly}
      mono={mono ?? false}
    />
  );
}

export function NumberField({ label, hint, path, required }: Shown) {
  const field = useField(path, required);
  const set = (text: string) => {
    const value = literal(text);
    if (typeof value === "string") field.setText(value);
    else field.set(value);
  };
  return (
    <TextField
      label={label}
      hint={hint}
      error={field.error}
      value={asText(field.value)}
      onChange={set}
      isReadOnly={field.readOnly}
      inputMode="numeric"
    />
  );
}

const UNITS: readonly Unit[] = ["s", "m", "h", "d"];

/** A length of time as a number and a unit; what is written otherwise (`1h30m`) is a text. */
export function DurationField({ label, hint, path, required, never }: Shown & { never?: boolean }) {
  const t = useText();
  const field = useField(path, required);
  const text = asText(field.value);
  const parts = split(text);
  const plain = text === "" || (parts !== null && parts.unit !== "ms");
  const units = UNITS.map((unit) => ({ id: unit as string, label: t(`editor.unit.${unit}`) }));
  if (never) units.push({ id: "never", label: t("editor.never") });
  const unit = text === "never" ? "never" : (parts?.unit ?? "h");
  if (!plain && text !== "never") {
    const invalid = parseDuration(text) === null && !isFormula(text) ? t("editor.bad_duration") : null;
    return (
      <TextField
        label={label}
        hint={hint}
        error={field.error ?? invalid}
        value={text}
        onChange={field.setText}
        isReadOnly={field.readOnly}
      />
    );
  }
  const setUnit = (next: string) => {
    if (next === "never") field.set("never");
    else if (parts) field.set(`${parts.amount}${next}`);
    else field.set(formatDuration(parseDuration(`1${next}`) ?? 0));
  };
  return (
    <div className={styles.duration}>
      <TextField
        label={label}
        hint={hint}
        error={field.error}
        value={text === "never" ? "" : String(parts?.amount ?? "")}
        onChange={(amount) =>
          field.setText(/^[0-9]+$/.test(amount) ? `${amount}${unit === "never" ? "h" : unit}` : amount)
        }
        isReadOnly={field.readOnly}
        isDisabled={text === "never"}
        inputMode="numeric"
      />
      <Select
        compact
        label={t("editor.unit")}
        choices={units}
        value={unit}
        onChange={setUnit}
        isDisabled={field.readOnly}
      />
    </div>
  );
}

/** One of several words; the first choice is to say nothing. */
export function ChoiceField({
  label,
  hint,
  path,
  required,
  choices,
}: Shown & { choices: { id: string; label: string }[] }) {
  const t = useText();
  const field = useField(path, required);
  const text = asText(field.value);
  if (text !== "" && !choices.some(({ id }) => id === text))
    return <TemplateField label={label} hint={hint ?? null} path={path} required={required ?? false} />;
  const all = required ? choices : [{ id: "", label: t("editor.default") }, ...choices];
  const set = (id: string) => (id === "true" || id === "false" ? field.set(id === "true") : field.setText(id));
  return (
    <div>
      <Select
        label={label}
        choices={all}
        value={text}
        onChange={set}
        isDisabled={field.readOnly}
        {...(hint ? { hint } : {})}
      />
      {field.error && <span className={styles.error}>{field.error}</span>}
    </div>
  );
}

export function BooleanField(props: Shown) {
  const t = useText();
  return (
    <ChoiceField
      {...props}
      choices={[
        { id: "true", label: t("editor.yes") },
        { id: "false", label: t("editor.no") },
      ]}
    />
  );
}

/** Numbers and booleans as such, everything else as text. */
function literal(text: string): Value {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]*[1-9])?$/.test(text) ? Number(text) : text;
}
