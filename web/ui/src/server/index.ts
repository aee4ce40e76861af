//! What the server says, in the language of the app: it sends the form of each sentence and its parts beside the English
//! text, and the English stands where there is no translation.

import { addCatalogs, currentLocale, i18n, translate, type Values } from "~/i18n";
import { dateTime, list } from "~/i18n/format";

export interface Sentence {
  /** The English text, with `{name}` for each part: translations are found by it. */
  form: string;
  with: Record<string, unknown>;
}

const SENTENCES = {
  en: async () => ({ messages: {} }),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};
let loading: Promise<void> | null = null;

/** The translations, once somebody needs one. Without them everything is said in English. */
export function sentences(): Promise<void> {
  loading ??= addCatalogs(SENTENCES).catch(() => {
    loading = null;
  });
  return loading;
}

/** What another program said has no form: its code tells what it is about. */
const PLAIN = "{said}";
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** `sentence` in the language of the app; `english` where that cannot be. */
export function say(english: string, sentence: unknown, code = ""): string {
  if (currentLocale() === "en" || !isSentence(sentence)) return english;
  const id = sentence.form === PLAIN ? code : sentence.form;
  if (!(id in i18n.messages)) return english;
  const parts: Values = {};
  for (const [name, part] of Object.entries(sentence.with)) parts[name] = told(part);
  return translate(id, parts);
}

function told(part: unknown): string {
  if (Array.isArray(part)) return list(part.map(told));
  if (isSentence(part)) return say(english(part), part);
  const text = String(part);
  if (TIME.test(text)) return dateTime(new Date(text));
  // A phrase such as `a list` is a message of its own; a name such as `a_list` is none.
  return text in i18n.messages ? translate(text) : text;
}

/** The sentence as the server prints it. */
function english({ form, with: parts }: Sentence): string {
  return form.replace(/\{([a-z_]+)\}/g, (whole, name: string) => {
    const part = parts[name];
    if (part === undefined) return whole;
    return isSentence(part) ? english(part) : String(part);
  });
}

function isSentence(value: unknown): value is Sentence {
  return typeof value === "object" && value !== null && "form" in value && "with" in value;
}

interface Problem {
  code: string;
  message: string;
  hint: string | null;
  said?: { message: unknown; hint: unknown };
}

/** Problems as they came, in the language of the app. */
export async function toldProblems<T extends Problem>(problems: readonly T[]): Promise<T[]> {
  if (problems.length > 0) await sentences();
  return problems.map((problem) => ({
    ...problem,
    message: say(problem.message, problem.said?.message, problem.code),
    hint: problem.hint && say(problem.hint, problem.said?.hint, problem.code),
  }));
}

interface Outcome {
  failures: string[];
  said?: { said: unknown; differences: unknown[] }[];
}

/** What tests showed, in the language of the app: each failure is a line, with its differences below. */
export async function toldOutcomes<T extends Outcome>(outcomes: readonly T[]): Promise<T[]> {
  if (outcomes.some(({ failures }) => failures.length > 0)) await sentences();
  const inWords = (sentence: unknown) => say(isSentence(sentence) ? english(sentence) : "", sentence);
  return outcomes.map((outcome) => ({
    ...outcome,
    failures: outcome.failures.map((failure, at) => {
      const own = outcome.said?.[at];
      return own ? [own.said, ...own.differences].map(inWords).join("\n  ") : failure;
    }),
  }));
}

interface Finding {
  about: string;
  text: string;
  said?: { about: unknown; text: unknown };
}

/** What was found of a connection, in the language of the app. */
export async function toldFindings<T extends Finding>(findings: readonly T[]): Promise<T[]> {
  await sentences();
  return findings.map((finding) => ({
    ...finding,
    about: say(finding.about, finding.said?.about),
    text: say(finding.text, finding.said?.text),
  }));
}

/** Rows with words, in the language of the app. */
export async function toldWords<T extends { words: string; said?: unknown }>(rows: readonly T[]): Promise<T[]> {
  await sentences();
  return rows.map((row) => ({ ...row, words: say(row.words, row.said) }));
}

/** Why something was refused, in the language of the app. */
export async function toldWhy({ why, said }: { why: string; said?: unknown }): Promise<string> {
  await sentences();
  return say(why, said);
}
