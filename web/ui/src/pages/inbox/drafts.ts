import { useState } from "react";

export type Mode = "reply" | "note";

export interface Draft {
  text: string;
  mode: Mode;
}

const KEY = (id: string) => `draft ${id}`;
const NONE: Draft = { text: "", mode: "reply" };

function kept(id: string): Draft {
  try {
    return { ...NONE, ...JSON.parse(sessionStorage.getItem(KEY(id)) ?? "{}") };
  } catch {
    return NONE;
  }
}

/** What is being written to a conversation: it is still there after looking at another one, and after a reload. */
export function useDraft(id: string): [Draft, (change: Partial<Draft>) => void] {
  const [draft, setDraft] = useState(() => kept(id));
  const change = (part: Partial<Draft>) => {
    const next = { ...draft, ...part };
    if (next.text === "") sessionStorage.removeItem(KEY(id));
    else sessionStorage.setItem(KEY(id), JSON.stringify(next));
    setDraft(next);
  };
  return [draft, change];
}
