//! The server's sentences, as people read them.

import type { Translate } from "~/i18n";
import { dateTime } from "~/i18n/format";
import type { TimelineRow } from "../api";
import { actionInWords, triggerInWords } from "../model/cards";

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A sentence with its instants as times of the reader's clock. */
export function withTimes(words: string): string {
  return words.replace(INSTANT, (at) => dateTime(new Date(at)));
}

/** Which parts of a sentence are names of events and of actions. */
const NAMES = { event: triggerInWords, trigger: triggerInWords, action: actionInWords };

interface Told {
  words: string;
  /** The sentence with its parts. */
  said?: unknown;
}

/** A sentence with its times, and with events and actions called as people call them. */
export function sentenceInWords({ words, said }: Told, t: Translate): string {
  const parts = (said as { with?: Record<string, unknown> } | null | undefined)?.with ?? {};
  let now = words;
  for (const [part, inWords] of Object.entries(NAMES)) {
    const code = parts[part];
    const name = typeof code === "string" && code.includes(".") ? inWords(code, t) : code;
    if (name !== code) now = now.replace(String(code), () => t("editor.quoted", { name: String(name) }));
  }
  return withTimes(now);
}

/** What happened at a moment. Beside the name of its step it is not said again which action that is. */
export function momentInWords(
  row: Pick<TimelineRow, "what" | "words" | "said">,
  t: Translate,
  atStep: boolean,
): string {
  if (atStep && row.what === "call") return t("editor.story.called");
  if (atStep && row.what === "action") return t("editor.story.done");
  return sentenceInWords(row, t);
}
