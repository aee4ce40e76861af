// @vitest-environment node
//! T11 of the editor: words for people that have no message are found, and nothing else is.

import { expect, it } from "vitest";
// @ts-expect-error: a script, without types.
import { rawWords } from "../scripts/raw.mjs";

const found = (code: string): string[] => rawWords("page.tsx", code).map((line: string) => /"(.*)"/.exec(line)?.[1]);

it("finds words between tags, in what is read out, in lists and in what is said", () => {
  expect(found("<p>Hello there</p>")).toEqual(["Hello there"]);
  expect(found("<p>{open ? 'Open now' : t('x')}</p>")).toEqual(["Open now"]);
  expect(found("<p>{n + ' steps'}</p>")).toEqual(["steps"]);
  expect(found('<IconButton label="Take away" />')).toEqual(["Take away"]);
  expect(found('const entries = [{ id: "up", label: "Move up" }];')).toEqual(["Move up"]);
  expect(found('toast("Saved"); say(store, "Done");')).toEqual(["Saved", "Done"]);
});

it("takes messages, keys, ids, addresses and comparisons as they are", () => {
  const fine = [
    '<p>{t("editor.print")}</p>',
    "<kbd>Ctrl Shift Z</kbd>",
    '<a href="/flows">{kind === "flows" && <b>1</b>}</a>',
    '<input placeholder="https://crm.example/v1" />',
    '<Tabs selected="rule" id="words" />',
  ];
  expect(fine.flatMap(found)).toEqual([]);
});
