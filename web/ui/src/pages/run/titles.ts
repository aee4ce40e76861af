import { cardOf } from "~/editor/model/cards";
import { picture } from "~/editor/model/model";
import { addCatalogs, type Translate } from "~/i18n";
import { read } from "~/yaml";
import type { Titles } from "./use-titles";

const TEXTS = {
  en: () => import("~/editor/locales/en.po"),
  ru: () => import("~/editor/locales/ru.po"),
  ar: () => import("~/editor/locales/ar.po"),
  it: () => import("~/editor/locales/it.po"),
  zh: () => import("~/editor/locales/zh.po"),
};

/** What each step of a text does, by its place, in the words the editor has for it. */
export async function titlesOf(text: string, t: Translate): Promise<Titles> {
  await addCatalogs(TEXTS);
  const { steps } = picture(read(text));
  return new Map([...steps].map(([path, step]) => [path, cardOf(step, t)]));
}
