//! The texts of the editor: loaded with it, and by pages that say in its words what a condition asks.

import { addCatalogs } from "~/i18n";

const TEXTS = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

export const addEditorTexts = () => addCatalogs(TEXTS);
