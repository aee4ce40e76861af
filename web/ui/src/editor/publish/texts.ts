//! The texts of publishing and of versions: loaded with their windows, which few visits open.

import { withCatalogs } from "~/i18n";

/** `part`, once its texts are there. */
export const withPublishTexts = withCatalogs({
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
});
