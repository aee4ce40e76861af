import { addCatalogs } from "~/i18n";

const TEXTS = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

/** `part`, once the texts about imports are there. */
export async function withImportTexts<T>(part: Promise<T>): Promise<T> {
  const [loaded] = await Promise.all([part, addCatalogs(TEXTS)]);
  return loaded;
}
