import { readFileSync } from "node:fs";
import { afterEach, expect, it } from "vitest";
import { activate } from "~/i18n";
import type { Locale } from "~/i18n/locales";
import { aboutInWords, addAbouts } from ".";

afterEach(() => activate("en"));

it("says each text of the catalogue in each language, with its code as it is", async () => {
  const texts = readFileSync("src/server/catalog/texts.txt", "utf8").split("\n").filter(Boolean);
  const code = (text: string) => (text.match(/`[^`]*`/g) ?? []).sort();
  await addAbouts();
  for (const locale of ["ru", "ar", "it", "zh"] satisfies Locale[]) {
    await activate(locale);
    for (const text of texts) expect(code(aboutInWords(text)), text).toEqual(code(text));
  }
});

it("finds a description over several lines, and leaves an unknown one as it is", async () => {
  await addAbouts();
  await activate("it");
  expect(aboutInWords("A customer\n sent an order.\n\nMore.")).toBe("Un cliente ha inviato un ordine.");
  expect(aboutInWords("Something new.")).toBe("Something new.");
});
