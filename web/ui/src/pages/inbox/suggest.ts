import type { Person } from "~/api/desk";
import type { Snippet } from "~/api/inbox";

/** What is offered below the words that were just written: a snippet after `/`, in a note a colleague after `@`. */
export type Suggestion = { kind: "snippet"; snippet: Snippet } | { kind: "person"; person: Person };

const MOST = 6;

interface Known {
  snippets: readonly Snippet[];
  people: readonly Person[];
}

const holds = (text: string, part: string) => text.toLocaleLowerCase().includes(part.toLocaleLowerCase());

export function suggestions(before: string, isNote: boolean, { snippets, people }: Known): Suggestion[] {
  const slash = before.match(/^\/(\S*)$/);
  if (slash) {
    const asked = slash[1] ?? "";
    return snippets
      .filter(({ shortcut, title }) => holds(shortcut, asked) || holds(title, asked))
      .slice(0, MOST)
      .map((snippet) => ({ kind: "snippet", snippet }));
  }
  const sign = isNote ? before.match(/(?:^|\s)@([^@\n]{0,30})$/) : null;
  if (!sign) return [];
  return people
    .filter(({ name }) => holds(name, sign[1] ?? ""))
    .slice(0, MOST)
    .map((person) => ({ kind: "person", person }));
}

/** The text of a snippet in the customer's language, else in ours, else in any. */
export function snippetText({ texts }: Snippet, languages: (string | null)[]): string {
  for (const language of languages) {
    const found = language && texts[language.split(/[-_]/)[0] ?? ""];
    if (found) return found;
  }
  return Object.values(texts)[0] ?? "";
}

/** `before` with the suggestion in place of what was typed to find it. */
export function completed(before: string, chosen: Suggestion, languages: (string | null)[]): string {
  if (chosen.kind === "snippet") return snippetText(chosen.snippet, languages);
  return `${before.replace(/@[^@\n]*$/, "")}@${chosen.person.name} `;
}

/** The ids of those whom a note names. */
export function mentioned(text: string, people: readonly Person[]): string[] {
  return people.filter(({ name }) => text.includes(`@${name}`)).map(({ id }) => id);
}
