//! Durations as the format writes them: `48h`, `1h30m`, `500ms`.

import { currentLocale } from "~/i18n";
import { duration } from "~/i18n/format";
import { LOCALES } from "~/i18n/locales";

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export type Unit = keyof typeof UNITS;

/** Milliseconds of a duration, or nothing when it is none. */
export function parseDuration(text: string): number | null {
  if (!/^(?:[0-9]+d)?(?:[0-9]+h)?(?:[0-9]+m(?!s))?(?:[0-9]+s)?(?:[0-9]+ms)?$/.test(text) || text === "") return null;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+)(ms|[dhms])/g)) sum += Number(amount) * UNITS[unit as Unit];
  return sum;
}

/** A duration as one amount of one unit, if it is that: `90m`, not `1h30m`. */
export function split(text: string): { amount: number; unit: Unit } | null {
  const match = /^([0-9]+)(ms|[dhms])$/.exec(text);
  return match ? { amount: Number(match[1]), unit: match[2] as Unit } : null;
}

/** Milliseconds as the format writes them, in the largest units that fit; days are 24 hours. */
export function formatDuration(ms: number): string {
  let rest = Math.max(0, Math.round(ms));
  let out = "";
  for (const unit of ["d", "h", "m", "s", "ms"] as const) {
    const amount = Math.floor(rest / UNITS[unit]);
    if (amount > 0) out += `${amount}${unit}`;
    rest -= amount * UNITS[unit];
  }
  return out || "0s";
}

const NAMES: Record<Unit, string> = { ms: "millisecond", s: "second", m: "minute", h: "hour", d: "day" };

/** A duration as people say it, in the unit it is written in: who wrote 48 hours finds 48 hours. What is none stays as it is. */
export function durationInWords(text: string): string {
  const [ms, one] = [parseDuration(text), split(text)];
  if (ms === null || !one) return ms === null ? text : duration(ms);
  const { tag } = LOCALES[currentLocale()];
  const format = new Intl.NumberFormat(tag, { style: "unit", unit: NAMES[one.unit], unitDisplay: "short" });
  return format.format(one.amount);
}
