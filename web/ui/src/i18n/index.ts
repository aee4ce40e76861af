import { i18n, type Messages } from "@lingui/core";
import { useLingui } from "@lingui/react";
import { useCallback, useEffect, useState } from "react";
import { choose, isLocale, LOCALES, type Locale } from "./locales";

type Catalog = () => Promise<{ messages: Messages }>;
/** One loader for each language. */
export type Catalogs = Record<Locale, Catalog>;

const APP: Catalogs = {
  en: () => import("../locales/en.po"),
  ru: () => import("../locales/ru.po"),
  ar: () => import("../locales/ar.po"),
  it: () => import("../locales/it.po"),
  zh: () => import("../locales/zh.po"),
};

const loaded: Catalogs[] = [APP];
const KEY = "language";

/** The language this browser was set to, else the one it asks for. */
export function preferred(): Locale {
  const kept = localStorage.getItem(KEY);
  return isLocale(kept) ? kept : choose(navigator.languages);
}

/** Turns the whole app to `locale`: texts, figures and direction. */
export async function activate(locale: Locale): Promise<void> {
  const parts = await Promise.all(loaded.map((catalogs) => catalogs[locale]()));
  for (const part of parts) i18n.load(locale, part.messages);
  i18n.activate(locale);
  localStorage.setItem(KEY, locale);
  document.documentElement.lang = locale;
  document.documentElement.dir = LOCALES[locale].dir;
}

/** Adds the texts of a part that is loaded later, such as the editor; they follow each later change of language. */
export async function addCatalogs(catalogs: Catalogs): Promise<void> {
  if (loaded.includes(catalogs)) return;
  loaded.push(catalogs);
  const locale = currentLocale();
  const { messages } = await catalogs[locale]();
  i18n.load(locale, messages);
  i18n.activate(locale);
}

/** For parts that are loaded later: each, once the texts that only they have are there too. */
export const withCatalogs =
  (catalogs: Catalogs) =>
  async <T>(part: Promise<T>): Promise<T> => {
    const [loaded] = await Promise.all([part, addCatalogs(catalogs)]);
    return loaded;
  };

/** Whether the texts of a page are there; it asks for them. */
export function useCatalogs(catalogs: Catalogs): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let there = true;
    void addCatalogs(catalogs).then(() => there && setReady(true));
    return () => {
      there = false;
    };
  }, [catalogs]);
  return ready;
}

export function currentLocale(): Locale {
  return isLocale(i18n.locale) ? i18n.locale : "en";
}

/** What a message is given. Texts are isolated, so that an Arabic name does not turn an English sentence round. */
export type Values = Record<string, string | number | null | undefined>;
export type Translate = (id: string, values?: Values) => string;

const ISOLATE = "\u2068";
const POP = "\u2069";

/** A text of people beside texts of ours: its direction stays its own. */
export const isolated = (text: string): string => `${ISOLATE}${text}${POP}`;

export const translate: Translate = (id, values) => {
  if (!values) return i18n._(id);
  const parts = Object.entries(values).map(([name, value]) => [
    name,
    typeof value === "string" ? isolated(value) : value,
  ]);
  return i18n._(id, Object.fromEntries(parts));
};

/** Whether there is a message of this id: names that are not ours may have none. */
export const worded = (id: string): boolean => id in i18n.messages;

/** `t("flows.runs", { n: 3 })`: the text in the language chosen; the component follows a change of language. */
export function useText(): Translate {
  const { i18n: current } = useLingui();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new language must make a new function.
  return useCallback<Translate>((id, values) => translate(id, values), [current.locale]);
}

export { i18n };
