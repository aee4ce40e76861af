//! The server's sentences, as people read them.

import { dateTime } from "~/i18n/format";

const INSTANT = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A sentence with its instants as times of the reader's clock. */
export function withTimes(words: string): string {
  return words.replace(INSTANT, (at) => dateTime(new Date(at)));
}
