//! A segment in words: whom it takes, and how many that are.

import type { SegmentCount, SegmentListed } from "~/api/types";
import { conditionInWords } from "~/editor/expression/words";
import type { Translate } from "~/i18n";
import { number } from "~/i18n/format";

/** How many are in it; where counting ended early, at least so many. */
export const counted = ({ contacts, more }: SegmentCount, t: Translate): string =>
  more ? t("book.at_least", { n: number(contacts) }) : number(contacts);

/** Whom a segment in force takes, as a sentence. */
export function segmentInWords({ tags, language, when }: SegmentListed, t: Translate): string {
  const said = (value: string) => when?.includes(JSON.stringify(value)) ?? false;
  const conditions = [
    ...tags.filter((tag) => !said(tag)).map((tag) => `${JSON.stringify(tag)} in contact.tags`),
    ...(language && !said(language) ? [`contact.language == ${JSON.stringify(language)}`] : []),
    ...(when ? [when] : []),
  ];
  return conditions.map((condition) => conditionInWords(condition, t)).join(t("editor.condition.and"));
}
