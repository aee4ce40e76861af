/** The languages of the app. `tag` is what `Intl` is given: tables of figures are read in Latin digits, in Arabic too. */
export const LOCALES = {
  en: { name: "English", dir: "ltr", tag: "en-GB", aria: "en-US" },
  ru: { name: "Русский", dir: "ltr", tag: "ru", aria: "ru-RU" },
  ar: { name: "العربية", dir: "rtl", tag: "ar-u-nu-latn", aria: "ar-AE" },
  it: { name: "Italiano", dir: "ltr", tag: "it", aria: "it-IT" },
  zh: { name: "中文", dir: "ltr", tag: "zh-CN", aria: "zh-CN" },
} as const;

export type Locale = keyof typeof LOCALES;

export function isLocale(text: unknown): text is Locale {
  return typeof text === "string" && text in LOCALES;
}

/** The first language of `wanted` that the app speaks, else English. */
export function choose(wanted: readonly string[]): Locale {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split("-")[0];
    if (isLocale(language)) return language;
  }
  return "en";
}
