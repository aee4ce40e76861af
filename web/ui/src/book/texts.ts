//! The texts of what is done with contacts as a whole, loaded with it.

import { addCatalogs, type Catalogs, useCatalogs } from "~/i18n";

const BOOK: Catalogs = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

export const addBookTexts = () => addCatalogs(BOOK);

/** Whether the texts are there. */
export const useBookTexts = (): boolean => useCatalogs(BOOK);
