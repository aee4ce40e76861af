import { withCatalogs } from "~/i18n";

/** `part`, once the texts about alarms are there. */
export const withAlarmTexts = withCatalogs({
  en: () => import("./locales/en.po"),
  ru: () => import("./locales/ru.po"),
  ar: () => import("./locales/ar.po"),
  it: () => import("./locales/it.po"),
  zh: () => import("./locales/zh.po"),
});
