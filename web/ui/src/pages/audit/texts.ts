//! What changes are called, loaded with the log.

import { withCatalogs } from "~/i18n";

/** `part`, once the texts about changes are there. */
export const withAuditTexts = withCatalogs({
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
});
