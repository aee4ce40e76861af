//! What the flows that ship are called and do, in the language of the app. Their own texts stay English.

import { addCatalogs, type Catalogs, i18n } from "~/i18n";
import { useLater } from "../later";

const LIBRARY: Catalogs = {
  en: async () => ({ messages: {} }),
  ru: () => import("./ru.po"),
  ar: () => import("./ar.po"),
  it: () => import("./it.po"),
  zh: () => import("./zh.po"),
};

const inWords = (english: string) => (english in i18n.messages ? i18n._(english) : english).replaceAll("`", "");
const bring = () => addCatalogs(LIBRARY).then(() => inWords);

/** Tells names and notes of flows that ship, once their translations are there. */
export const useLibraryWords = () => useLater(bring, inWords);
