//! What actions, triggers, their fields and the names of expressions are: the catalogue's English in the language of the app.
//! `texts.txt` has all of it, as the server's source says it.

import { addCatalogs, type Catalogs, i18n } from "~/i18n";
import { useLater } from "../later";

const CATALOG: Catalogs = {
  en: async () => ({ messages: {} }),
  ru: () => import("./ru.po"),
  ar: () => import("./ar.po"),
  it: () => import("./it.po"),
  zh: () => import("./zh.po"),
};

/** The first paragraph of a description on one line, as `texts.txt` has it. */
const line = (english: string) => (english.split("\n\n")[0] ?? "").replace(/\s+/g, " ").trim();

/** `english` in the language of the app, once its texts are there. */
export function aboutInWords(english: string): string {
  const text = line(english);
  return text in i18n.messages ? i18n._(text) : text;
}

/** Brings the texts. */
export const addAbouts = () => addCatalogs(CATALOG);

/** Tells texts of the catalogue, once they are there. */
export const useAbouts = () => useLater(bring, aboutInWords);

const bring = () => addAbouts().then(() => aboutInWords);
