import { Search, X } from "lucide-react";
import { type ReactNode, useId } from "react";
import {
  Button as AriaButton,
  Checkbox as AriaCheckbox,
  SearchField as AriaSearchField,
  Switch as AriaSwitch,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  type CheckboxProps,
  FieldError,
  Input,
  Label,
  type SearchFieldProps,
  type SwitchProps,
  Text,
  type TextFieldProps,
} from "react-aria-components";
import { useText } from "~/i18n";
import styles from "./field.module.css";

interface Words {
  label: string;
  /** The label is read out and not shown, as in a toolbar. */
  compact?: boolean;
  /** What is wanted, under the field. */
  hint?: ReactNode;
  /** What is wrong and what to do; shown in place of the hint. */
  error?: string | null;
}

type FieldProps = Omit<TextFieldProps, "children" | "className" | "style"> &
  Words & { placeholder?: string; mono?: boolean };

/** One line of text with its label above it. */
export function TextField({ label, compact, hint, error, placeholder, mono, ...rest }: FieldProps) {
  return (
    <AriaTextField {...rest} isInvalid={Boolean(error)} className={styles.field}>
      <Label className={compact ? "hidden" : styles.label}>{label}</Label>
      <Input placeholder={placeholder} className={`${styles.input} ${mono ? styles.mono : ""}`} />
      <Under hint={hint} error={error} />
    </AriaTextField>
  );
}

/** Several lines; `mono` for code, which is always written from the left. */
export function TextArea({ label, hint, error, placeholder, mono, rows = 4, ...rest }: FieldProps & { rows?: number }) {
  return (
    <AriaTextField {...rest} isInvalid={Boolean(error)} className={styles.field}>
      <Label className={styles.label}>{label}</Label>
      <AriaTextArea
        rows={rows}
        placeholder={placeholder}
        spellCheck={!mono}
        {...(mono ? { dir: "ltr" } : {})}
        className={`${styles.input} ${styles.area} ${mono ? styles.mono : ""}`}
      />
      <Under hint={hint} error={error} />
    </AriaTextField>
  );
}

function Under({ hint, error }: { hint?: ReactNode; error?: string | null | undefined }) {
  if (error) return <FieldError className={styles.error}>{error}</FieldError>;
  if (!hint) return null;
  return (
    <Text slot="description" className={styles.hint}>
      {hint}
    </Text>
  );
}

/** A field that filters what is below it; cleared with Escape. */
export function SearchField({
  label,
  placeholder,
  ...rest
}: Omit<SearchFieldProps, "children"> & { label: string; placeholder?: string }) {
  const t = useText();
  return (
    <AriaSearchField {...rest} aria-label={label} className={styles.search}>
      <Search size={16} aria-hidden />
      <Input placeholder={placeholder ?? label} className={styles.bare} />
      <AriaButton aria-label={t("ui.clear")} className={styles.clear}>
        <X size={14} aria-hidden />
      </AriaButton>
    </AriaSearchField>
  );
}

export function Checkbox({
  children,
  ...rest
}: Omit<CheckboxProps, "className" | "children"> & { children: ReactNode }) {
  return (
    <AriaCheckbox {...rest} className={styles.check}>
      <span className={styles.box} aria-hidden>
        <svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true">
          <path d="M3 8.5 6.5 12 13 4.5" fill="none" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" />
        </svg>
      </span>
      {children}
    </AriaCheckbox>
  );
}

/** On or off, at once. Without `children` it needs an `aria-label`. */
export function Switch({ children, ...rest }: Omit<SwitchProps, "className" | "children"> & { children?: ReactNode }) {
  return (
    <AriaSwitch {...rest} className={styles.switch}>
      <span className={styles.track} aria-hidden>
        <span className={styles.knob} />
      </span>
      {children}
    </AriaSwitch>
  );
}

/** A group of controls under one heading that is read with each of them. */
export function FieldSet({ legend, children }: { legend: string; children: ReactNode }) {
  const id = useId();
  return (
    <fieldset className={styles.set} aria-labelledby={id}>
      <legend id={id} className={styles.label}>
        {legend}
      </legend>
      {children}
    </fieldset>
  );
}
