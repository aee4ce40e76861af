import { currentLocale } from "./index";
import { LOCALES } from "./locales";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const made = new Map<string, unknown>();

/** Formatters are dear to make and a table makes thousands: one for each language and purpose. */
function cached<T>(kind: string, make: (tag: string) => T): T {
  const tag = LOCALES[currentLocale()].tag;
  const key = `${tag} ${kind}`;
  const found = made.get(key) as T | undefined;
  if (found) return found;
  const fresh = make(tag);
  made.set(key, fresh);
  return fresh;
}

export function number(value: number): string {
  return cached("number", (tag) => new Intl.NumberFormat(tag)).format(value);
}

/** An amount in major units; a currency that is none, or not said, stands behind the number as it was written. */
export function money(amount: number, currency: string): string {
  if (!/^[A-Z]{3}$/.test(currency)) return `${number(amount)} ${currency}`.trim();
  return cached(
    `money ${currency}`,
    (tag) => new Intl.NumberFormat(tag, { style: "currency", currency, currencyDisplay: "code" }),
  ).format(amount);
}

/** `share` of 1 as a percentage with at most one decimal. */
export function percent(share: number): string {
  const make = (tag: string) => new Intl.NumberFormat(tag, { style: "percent", maximumFractionDigits: 1 });
  return cached("percent", make).format(share);
}

/** Date and time to the second, as people of the language write it. */
export function dateTime(at: Date): string {
  const make = (tag: string) => new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium" });
  return cached("dateTime", make).format(at);
}

/** The time alone for what happened today, else day and time. */
export function shortTime(at: Date, now: Date): string {
  const today = at.toDateString() === now.toDateString();
  if (today) {
    return cached("time", (tag) => new Intl.DateTimeFormat(tag, { timeStyle: "medium" })).format(at);
  }
  const make = (tag: string) =>
    new Intl.DateTimeFormat(tag, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  return cached("dayTime", make).format(at);
}

/** Hours and minutes. */
export function clockTime(at: Date): string {
  return cached("clock", (tag) => new Intl.DateTimeFormat(tag, { timeStyle: "short" })).format(at);
}

/** A day, as a heading: "Sunday 22 November". */
export function dayName(at: Date): string {
  const make = (tag: string) => new Intl.DateTimeFormat(tag, { weekday: "long", day: "numeric", month: "long" });
  return cached("dayName", make).format(at);
}

/** A day of the week, there: "Mon". */
export function weekday(at: Date, zone: string): string {
  const make = (tag: string) => new Intl.DateTimeFormat(tag, { weekday: "short", timeZone: zone });
  return cached(`weekday ${zone}`, make).format(at);
}

/** An hour of the week, there: "Mon 09:00". */
export function weekHour(at: Date, zone: string): string {
  const make = (tag: string) =>
    new Intl.DateTimeFormat(tag, { weekday: "short", hour: "2-digit", minute: "2-digit", timeZone: zone });
  return cached(`weekHour ${zone}`, make).format(at);
}

/** "3 minutes ago", "in 2 days". */
export function relative(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  const format = cached("relative", (tag) => new Intl.RelativeTimeFormat(tag, { numeric: "auto", style: "short" }));
  const size = Math.abs(ms);
  if (size < MINUTE) return format.format(Math.trunc(ms / SECOND), "second");
  if (size < HOUR) return format.format(Math.trunc(ms / MINUTE), "minute");
  if (size < DAY) return format.format(Math.trunc(ms / HOUR), "hour");
  if (size < 30 * DAY) return format.format(Math.trunc(ms / DAY), "day");
  if (size < 365 * DAY) return format.format(Math.trunc(ms / (30 * DAY)), "month");
  return format.format(Math.trunc(ms / (365 * DAY)), "year");
}

type Unit = "millisecond" | "second" | "minute" | "hour" | "day";

function unit(value: number, of: Unit, digits = 0): string {
  const make = (tag: string) =>
    new Intl.NumberFormat(tag, { style: "unit", unit: of, unitDisplay: "narrow", maximumFractionDigits: digits });
  return cached(`${of} ${digits}`, make).format(value);
}

/** A length of time in its two largest units: "850ms", "1.2s", "2h 5m". */
export function duration(ms: number): string {
  if (ms < SECOND) return unit(Math.round(ms), "millisecond");
  if (ms < MINUTE) return unit(ms / SECOND, "second", ms < 10 * SECOND ? 1 : 0);
  const parts: [Unit, number][] = [
    ["day", Math.floor(ms / DAY)],
    ["hour", Math.floor((ms % DAY) / HOUR)],
    ["minute", Math.floor((ms % HOUR) / MINUTE)],
    ["second", Math.floor((ms % MINUTE) / SECOND)],
  ];
  const first = parts.findIndex(([, value]) => value > 0);
  const shown = parts.slice(first, first + 2).filter(([, value]) => value > 0);
  return shown.map(([of, value]) => unit(value, of)).join(" ");
}

/** Seconds with one decimal: "11.3s". */
export function preciseSeconds(ms: number): string {
  const make = (tag: string) =>
    new Intl.NumberFormat(tag, {
      style: "unit",
      unit: "second",
      unitDisplay: "narrow",
      minimumFractionDigits: 1,
      maximumFractionDigits: 1,
    });
  return cached("preciseSeconds", make).format(ms / SECOND);
}

/** Several names or words, with the commas of the language. */
export function listed(words: readonly string[]): string {
  return cached("list", (tag) => new Intl.ListFormat(tag, { type: "unit", style: "short" })).format(words);
}

/** A list of `n` things: their places, and what the language puts between them. */
export function listParts(n: number): (string | { at: number })[] {
  const make = (tag: string) => new Intl.ListFormat(tag, { type: "conjunction" });
  const places = Array.from({ length: n }, (_, at) => String(at));
  const parts = cached("list of people", make).formatToParts(places);
  return parts.map(({ type, value }) => (type === "element" ? { at: Number(value) } : value));
}

/** A size as people say it: "184 kB". */
export function bytes(size: number): string {
  const [value, of] = size < 1_000_000 ? [size / 1_000, "kilobyte"] : [size / 1_000_000, "megabyte"];
  const make = (tag: string) => new Intl.NumberFormat(tag, { style: "unit", unit: of, maximumSignificantDigits: 3 });
  return cached(of, make).format(value);
}

/** "a, b and c". */
export function list(parts: readonly string[]): string {
  return cached("list", (tag) => new Intl.ListFormat(tag)).format(parts);
}

/** A language by its code (`zh-CN`, or as providers write it, `zh_CN`), in the language of the app. */
export function languageName(code: string): string {
  try {
    return (
      cached("languages", (tag) => new Intl.DisplayNames(tag, { type: "language" })).of(code.replace("_", "-")) ?? code
    );
  } catch {
    return code;
  }
}
