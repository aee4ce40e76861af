import type { Said } from "~/api/inbox";

/** Most messages of a conversation that are kept and shown at a time: a tab is open all day. */
export const MOST = 240;

/** A stretch of a conversation, oldest first. */
export interface Stretch {
  messages: Said[];
  /** Where older ones begin; nothing when there are none. */
  older: string | null;
  /** Newer ones than the last were let go, for the sake of older ones. */
  cut: boolean;
}

export const EMPTY: Stretch = { messages: [], older: null, cut: false };

export interface Page {
  /** Newest first. */
  messages: Said[];
  next: string | null;
}

/** With the newest messages as the server has them now: known ones renewed, fresh ones at the end. */
export function withNewest(old: Stretch, { messages, next }: Page): Stretch {
  const fresh = messages.toReversed();
  if (old.cut) return renewed(old, fresh);
  const first = fresh[0];
  const from = first ? old.messages.findIndex(({ id }) => id === first.id) : -1;
  // Nothing in common: so much came that the two do not touch, and what is between is not known.
  if (from < 0) return { messages: fresh, older: next, cut: false };
  return trimmedAtStart({ ...old, messages: [...old.messages.slice(0, from), ...fresh] });
}

/** With one message of ours that the server has taken. */
export function withOne(old: Stretch, one: Said): Stretch {
  const known = old.messages.some(({ id }) => id === one.id);
  if (known || old.cut) return renewed(old, [one]);
  return trimmedAtStart({ ...old, messages: [...old.messages, one] });
}

/** With those before the first; at the other end as many are let go as are too many. */
export function withOlder(old: Stretch, { messages, next }: Page): Stretch {
  const known = new Set(old.messages.map(({ id }) => id));
  const all = [...messages.toReversed().filter(({ id }) => !known.has(id)), ...old.messages];
  return { messages: all.slice(0, MOST), older: next, cut: old.cut || all.length > MOST };
}

function renewed(old: Stretch, fresh: Said[]): Stretch {
  const by = new Map(fresh.map((one) => [one.id, one]));
  return { ...old, messages: old.messages.map((one) => by.get(one.id) ?? one) };
}

function trimmedAtStart(all: Stretch): Stretch {
  if (all.messages.length <= MOST) return all;
  const messages = all.messages.slice(-MOST);
  return { ...all, messages, older: messages[0]?.id ?? null };
}
