// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** How the server's source names a change that it writes into the log. */
const NAMED = /(?:what: |told\(|Some\(\()"([a-z_]+\.[a-z_]+)"/g;

it("has words for each change that the server's source names", () => {
  const told = new Set<string>();
  for (const root of ["../src", "../../engine/src"]) {
    for (const file of readdirSync(root, { recursive: true, encoding: "utf8" })) {
      if (!file.endsWith(".rs") || file.includes("test")) continue;
      for (const [, name] of readFileSync(`${root}/${file}`, "utf8").matchAll(NAMED)) told.add(name ?? "");
    }
  }
  expect(told).toContain("draft.created");
  const texts = ["src/locales", "src/pages/audit/locales"].map((folder) => readFileSync(`${folder}/en.po`, "utf8"));
  const without = [...told].filter((name) => !texts.some((text) => text.includes(`msgid "did.changed.${name}"`)));
  expect(without).toEqual([]);
});
