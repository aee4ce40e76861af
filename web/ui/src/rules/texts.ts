//! The texts of the rules pages, loaded with them.

import { useEffect, useState } from "react";
import { addCatalogs, type Catalogs } from "~/i18n";

const RULES: Catalogs = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

/** Whether the texts are there. */
export function useRulesTexts(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let there = true;
    void addCatalogs(RULES).then(() => there && setReady(true));
    return () => {
      there = false;
    };
  }, []);
  return ready;
}
