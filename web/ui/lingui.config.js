import { formatter } from "@lingui/format-po";

/** English is a translation like the others: the ids in the code name messages, the PO files hold all texts. */
export default {
  locales: ["en", "ru", "ar", "it", "zh"],
  format: formatter({ explicitIdAsDefault: true, origins: false }),
  catalogs: [
    {
      path: "<rootDir>/src/locales/{locale}",
      include: ["<rootDir>/src"],
      exclude: ["**/src/editor/**", "**/src/desk/**", "**/src/pages/{inbox,team}/**"],
    },
    { path: "<rootDir>/src/editor/locales/{locale}", include: ["<rootDir>/src/editor"] },
    { path: "<rootDir>/src/editor/publish/locales/{locale}", include: ["<rootDir>/src/editor/publish"] },
    {
      path: "<rootDir>/src/desk/locales/{locale}",
      include: ["<rootDir>/src/desk", "<rootDir>/src/pages/inbox", "<rootDir>/src/pages/team"],
    },
    { path: "<rootDir>/src/server/locales/{locale}", include: ["<rootDir>/src/server"] },
    { path: "<rootDir>/src/server/catalog/{locale}", include: ["<rootDir>/src/server/catalog"] },
    { path: "<rootDir>/src/server/library/{locale}", include: ["<rootDir>/src/server/library"] },
    { path: "<rootDir>/src/server/troubles/{locale}", include: ["<rootDir>/src/server/troubles"] },
    { path: "<rootDir>/src/rules/locales/{locale}", include: ["<rootDir>/src/rules"] },
    { path: "<rootDir>/src/alarms/locales/{locale}", include: ["<rootDir>/src/alarms", "<rootDir>/src/pages/alarms"] },
    { path: "<rootDir>/src/book/locales/{locale}", include: ["<rootDir>/src/book"] },
    { path: "<rootDir>/src/pages/audit/locales/{locale}", include: ["<rootDir>/src/pages/audit"] },
    { path: "<rootDir>/src/pages/settings/locales/{locale}", include: ["<rootDir>/src/pages/settings"] },
    { path: "<rootDir>/src/pages/flows/import/locales/{locale}", include: ["<rootDir>/src/pages/flows/import"] },
  ],
};
