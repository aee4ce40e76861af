import { withCatalogs } from "~/i18n";

/** `part`, once its texts are there: what concerns people and their conversations has texts of its own. */
export const withTexts = withCatalogs({
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
});
