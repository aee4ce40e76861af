import { expect, it } from "vitest";
import type { Snippet } from "~/api/inbox";
import { completed, mentioned, snippetText, suggestions } from "./suggest";

const snippets: Snippet[] = [
  { id: "sorry", title: "We are sorry", shortcut: "sorry", texts: { en: "Sorry!", it: "Mi dispiace!" } },
  { id: "hours", title: "Opening hours", shortcut: "hours", texts: { en: "From 9 to 18." } },
];
const people = [
  { id: "usr_1", name: "Anna Ricci" },
  { id: "usr_2", name: "Марк Орлов" },
];
const known = { snippets, people };
const names = (text: string, isNote: boolean) =>
  suggestions(text, isNote, known).map((one) => (one.kind === "snippet" ? one.snippet.id : one.person.id));

it("offers snippets after a slash that begins the answer, and only there", () => {
  expect(names("/", false)).toEqual(["sorry", "hours"]);
  expect(names("/OPEN", false)).toEqual(["hours"]);
  expect(names("and/or", false)).toEqual([]);
  expect(names("/sorry, we", false)).toEqual([]);
});

it("offers colleagues after an @ in a note, never in an answer to a customer", () => {
  expect(names("look @мар", true)).toEqual(["usr_2"]);
  expect(names("look @", false)).toEqual([]);
  expect(names("mail@example", true)).toEqual([]);
});

it("puts the chosen one in place of what was typed to find it", () => {
  const [anna] = suggestions("see @an", true, known);
  expect(anna && completed("see @an", anna, [])).toBe("see @Anna Ricci ");
  const [sorry] = suggestions("/so", false, known);
  expect(sorry && completed("/so", sorry, ["it", "en"])).toBe("Mi dispiace!");
});

it("speaks the customer's language, else ours, else any", () => {
  expect(snippetText(snippets[0] as never, ["it_IT", "en"])).toBe("Mi dispiace!");
  expect(snippetText(snippets[1] as never, ["ar", "en"])).toBe("From 9 to 18.");
  expect(snippetText(snippets[1] as never, [null, "zh"])).toBe("From 9 to 18.");
});

it("knows whom a note names", () => {
  expect(mentioned("@Марк Орлов, look at this, Anna Ricci too", people)).toEqual(["usr_2"]);
});
