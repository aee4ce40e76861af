//! An example that a change gets wrong, as a test of the rule: the words that were said, and whether the rule should hold.

import type { Translate } from "~/i18n";
import type { Value } from "~/yaml";
import type { Example } from "./api";

/** What to call it stays readable in a list. */
const MOST_CHARS = 60;

/** A test that the draft fails as it is: what the rule does to these words was right before. Names and numbers of people stay out. */
export function exampleTest(
  rule: string,
  example: Pick<Example, "way" | "text">,
  taken: readonly string[],
  t: Translate,
): { name: string } & Record<string, Value> {
  const said = example.text.length > MOST_CHARS ? `${example.text.slice(0, MOST_CHARS)}…` : example.text;
  const holds = example.way === "lost";
  // Names are written into a file: without the marks that keep directions apart on the screen.
  const words = t(holds ? "rules.test.holds" : "rules.test.holds_not", { said, rule }).replace(/[\u2068\u2069]/g, "");
  return {
    name: free(words, taken),
    at: { "0s": { "whatsapp.message_received": { text: example.text } } },
    others: "allowed",
    ...(holds ? { held: [rule] } : { not_held: [rule] }),
  };
}

function free(wish: string, taken: readonly string[]): string {
  if (!taken.includes(wish)) return wish;
  for (let number = 2; ; number += 1) if (!taken.includes(`${wish} (${number})`)) return `${wish} (${number})`;
}
