//! The texts of the settings, loaded with them: few visits open them.

import { addCatalogs } from "~/i18n";

const TEXTS = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

/** `part`, once the texts of settings are there. */
export async function withSettingsTexts<T>(part: Promise<T>): Promise<T> {
  const [loaded] = await Promise.all([part, addCatalogs(TEXTS)]);
  return loaded;
}
