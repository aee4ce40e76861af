//! The texts of the rules pages, loaded with them.

import { type Catalogs, useCatalogs } from "~/i18n";

const RULES: Catalogs = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

/** Whether the texts are there. */
export const useRulesTexts = (): boolean => useCatalogs(RULES);
