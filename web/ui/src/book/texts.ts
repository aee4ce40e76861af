//! The texts of what is done with contacts as a whole, loaded with it.

import { useEffect, useState } from "react";
import { addCatalogs, type Catalogs } from "~/i18n";

const BOOK: Catalogs = {
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
};

export const addBookTexts = () => addCatalogs(BOOK);

/** Whether the texts are there. */
export function useBookTexts(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let there = true;
    void addBookTexts().then(() => there && setReady(true));
    return () => {
      there = false;
    };
  }, []);
  return ready;
}
