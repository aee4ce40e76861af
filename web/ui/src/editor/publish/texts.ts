//! The texts of publishing and of versions: loaded with their windows, which few visits open.

import { addCatalogs } from "~/i18n";

const TEXTS = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

/** `part`, once its texts are there. */
export async function withPublishTexts<T>(part: Promise<T>): Promise<T> {
  const [loaded] = await Promise.all([part, addCatalogs(TEXTS)]);
  return loaded;
}
