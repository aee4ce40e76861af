//! The texts of the settings, loaded with them: few visits open them.

import { withCatalogs } from "~/i18n";

/** `part`, once the texts of settings are there. */
export const withSettingsTexts = withCatalogs({
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
});
