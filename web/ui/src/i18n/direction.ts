//! Which way sentences are read whose language is not known: the app's, or somebody's words.

const INSERTED = /[\u2066-\u2068][^\u2069]*\u2069/gu;
const FROM_THE_RIGHT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;

/**
 * By the first letter outside of what is inserted into the sentence: a name at its beginning says nothing of it, although `dir="auto"`
 * takes it for an answer. Nothing when there is no letter.
 */
export function directionOf(text: string): "ltr" | "rtl" | undefined {
  const first = /\p{L}/u.exec(text.replace(INSERTED, ""))?.[0];
  if (first === undefined) return undefined;
  return FROM_THE_RIGHT.test(first) ? "rtl" : "ltr";
}
