import { beforeEach, describe, expect, it } from "vitest";
import { dateTime, duration, languageName, number, percent, relative, shortTime } from "./format";
import { activate } from "./index";
import { choose } from "./locales";

const NOW = new Date("2026-11-22T12:00:00");
const ago = (ms: number) => new Date(NOW.getTime() - ms);
/** `Intl` separates with spaces of several widths. */
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, " ");

describe("figures and times", () => {
  beforeEach(() => activate("en"));

  it("shows a duration in its two largest units", () => {
    expect([0, 850, 1_200, 59_000, 61_000, 3_600_000, 7_500_000, 90_000_000].map(duration)).toEqual([
      "0ms",
      "850ms",
      "1.2s",
      "59s",
      "1m 1s",
      "1h",
      "2h 5m",
      "1d 1h",
    ]);
  });

  it("says how long ago in the unit that fits", () => {
    const texts = [0, 30_000, 180_000, 7_200_000, 86_400_000, 3 * 86_400_000].map((ms) => relative(ago(ms), NOW));
    expect(texts).toEqual(["now", "30 sec ago", "3 min ago", "2 hr ago", "yesterday", "3 days ago"]);
    expect(relative(ago(-3_600_000), NOW)).toBe("in 1 hr");
  });

  it("leaves the day out today only", () => {
    expect(shortTime(ago(60_000), NOW)).toBe("11:59:00");
    expect(shortTime(ago(86_400_000), NOW)).toBe("21 Nov, 12:00");
  });

  it("follows a change of language", async () => {
    expect(number(1_234_567)).toBe("1,234,567");
    await activate("ru");
    expect(plain(number(1_234_567))).toBe("1 234 567");
    expect(plain(percent(0.9934))).toBe("99,3 %");
    expect(languageName("it")).toBe("итальянский");
  });

  it("writes Arabic with Latin digits", async () => {
    await activate("ar");
    expect(number(42)).toBe("42");
    expect(dateTime(NOW)).toMatch(/2026/);
    expect(document.documentElement.dir).toBe("rtl");
  });

  it("shows a language it does not know by its code", () => {
    expect(languageName("not a language")).toBe("not a language");
  });
});

describe("the language chosen", () => {
  it("is the first one wanted that the app speaks", () => {
    expect(choose(["de-CH", "it-CH", "en"])).toBe("it");
    expect(choose(["zh-Hant-TW"])).toBe("zh");
    expect(choose(["de", "fr"])).toBe("en");
  });
});
