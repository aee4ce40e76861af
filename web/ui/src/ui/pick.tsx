import type { ReactNode } from "react";
import field from "./field.module.css";

interface Props {
  label: string;
  /** The label is read out and not shown. */
  compact?: boolean;
  value: string;
  onChange: (value: string) => void;
  isDisabled?: boolean;
  /** `option` and `optgroup`. */
  children: ReactNode;
}

/** One of a few, in the machine's own list: light, and what a phone shows is made for fingers. */
export function Pick({ label, compact, value, onChange, isDisabled, children }: Props) {
  return (
    <label className={field.field}>
      <span className={compact ? "hidden" : field.label}>{label}</span>
      <select
        className={field.input}
        value={value}
        disabled={isDisabled}
        onChange={(event) => onChange(event.target.value)}
      >
        {children}
      </select>
    </label>
  );
}
