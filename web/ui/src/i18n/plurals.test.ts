import { beforeAll, describe, expect, it } from "vitest";
import { withSettingsTexts } from "~/pages/settings/texts";
import { activate, translate } from "./index";
import type { Locale } from "./locales";

const COUNTS = [0, 1, 2, 3, 11, 21, 22, 100, 1.5, 1_000_000];
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

/** "3 days", in each language and for each kind of count that a language tells apart. */
const DAYS: Record<Locale, string[]> = {
  en: [
    "0 days",
    "1 day",
    "2 days",
    "3 days",
    "11 days",
    "21 days",
    "22 days",
    "100 days",
    "1.5 days",
    "1,000,000 days",
  ],
  ru: ["0 дней", "1 день", "2 дня", "3 дня", "11 дней", "21 день", "22 дня", "100 дней", "1,5 дня", "1 000 000 дней"],
  ar: [
    "بلا أيام",
    "يوم واحد",
    "يومان",
    "3 أيام",
    "11 يومًا",
    "21 يومًا",
    "22 يومًا",
    "100 يوم",
    "1.5 يوم",
    "1,000,000 يوم",
  ],
  it: [
    "0 giorni",
    "1 giorno",
    "2 giorni",
    "3 giorni",
    "11 giorni",
    "21 giorni",
    "22 giorni",
    "100 giorni",
    "1,5 giorni",
    "1.000.000 giorni",
  ],
  zh: ["0 天", "1 天", "2 天", "3 天", "11 天", "21 天", "22 天", "100 天", "1.5 天", "1,000,000 天"],
};

describe("plurals", () => {
  beforeAll(() => withSettingsTexts(Promise.resolve()));
  for (const [locale, expected] of Object.entries(DAYS)) {
    it(`are right in ${locale}`, async () => {
      await activate(locale as Locale);
      expect(COUNTS.map((n) => plain(translate("tokens.days", { n })))).toEqual(expected);
    });
  }

  it("take the million of Italian, which needs a `di`", async () => {
    await activate("it");
    expect(translate("flows.runs", { n: 1_000_000 })).toBe("1.000.000 di esecuzioni");
    expect(translate("flows.runs", { n: 1_000_001 })).toBe("1.000.001 esecuzioni");
  });
});

describe("texts of people", () => {
  it("are isolated, so that they do not turn a sentence round", async () => {
    await activate("en");
    expect(translate("flows.is_on", { name: "ترحيب" })).toBe("\u2068ترحيب\u2069 is on");
  });
});
