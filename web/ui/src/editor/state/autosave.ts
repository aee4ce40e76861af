//! The draft is saved by itself, 800 ms after the last change, and a copy stays in this browser until the server has it.

import { createStore, type StoreApi } from "zustand";
import { ApiError } from "~/api/client";
import type { Problem } from "~/api/types";
import { type DocumentKind, readDraft, writeDraft } from "../api";
import { type EditorStore, replaceText } from "./editor";
import { found } from "./problems";

const IDLE_MS = 800;
/** How long after a failed save the next one is tried; the last one is kept to. */
const RETRY_MS = [2_000, 5_000, 15_000];

export type Saving =
  | { state: "saved"; at: string | null }
  | { state: "waiting" }
  | { state: "saving" }
  | { state: "offline"; why: string }
  /** Somebody else saved; both texts are there until a person decides. */
  | { state: "conflict"; theirs: string; by: string | null; revision: string };

/** What is kept in the browser until the server has acknowledged it. */
interface Kept {
  text: string;
  revision: string;
  at: string;
}

export interface Autosave {
  store: StoreApi<{ saving: Saving; revision: string }>;
  /** Saves at once what is not saved yet. */
  flush: () => Promise<boolean>;
  keepMine: () => Promise<void>;
  takeTheirs: () => void;
  /** Takes what others saved meanwhile, unless there is something of ours that is not saved: then saving shows the conflict. */
  refresh: () => Promise<void>;
  stop: () => void;
}

const keyOf = (kind: DocumentKind, id: string) => `draft ${kind} ${id}`;

/** What this browser kept of a document and the server never acknowledged. */
export function keptCopy(kind: DocumentKind, id: string): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyOf(kind, id)) ?? "null") as Kept | null;
    return kept && typeof kept.text === "string" && typeof kept.revision === "string" ? kept : null;
  } catch {
    return null;
  }
}

export function forgetCopy(kind: DocumentKind, id: string): void {
  localStorage.removeItem(keyOf(kind, id));
}

/** Follows an editor and saves its text. */
export function autosave(
  editor: EditorStore,
  kind: DocumentKind,
  id: string,
  revision: string,
  at: string | null,
): Autosave {
  const store = createStore<{ saving: Saving; revision: string }>(() => ({ saving: { state: "saved", at }, revision }));
  let acknowledged = editor.getState().source.text;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let flying: Promise<boolean> | null = null;
  let failures = 0;
  let stopped = false;

  const say = (saving: Saving) => store.setState({ saving });
  const later = (ms: number) => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void save(), ms);
  };
  const settled = (text: string, answer: { revision: string; problems: Problem[]; changed_at: string }) => {
    failures = 0;
    acknowledged = text;
    store.setState({ revision: answer.revision });
    const same = editor.getState().source.text === text;
    if (same) {
      found(editor, answer.problems);
      forgetCopy(kind, id);
      say({ state: "saved", at: answer.changed_at });
    } else {
      keep();
      later(IDLE_MS);
    }
  };
  const failed = async (error: unknown): Promise<void> => {
    if (error instanceof ApiError && error.status === 409 && error.code === "changed") {
      const theirs = await readDraft(kind, id).catch(() => null);
      if (theirs) {
        say({ state: "conflict", theirs: theirs.text, by: theirs.changed_by, revision: theirs.revision });
        return;
      }
    }
    say({ state: "offline", why: error instanceof Error ? error.message : String(error) });
    later(RETRY_MS[Math.min(failures, RETRY_MS.length - 1)] ?? IDLE_MS);
    failures += 1;
  };
  const send = async (text: string): Promise<boolean> => {
    say({ state: "saving" });
    try {
      settled(text, await writeDraft(kind, id, text, store.getState().revision));
      return true;
    } catch (error) {
      await failed(error);
      return false;
    } finally {
      flying = null;
    }
  };
  const save = (): Promise<boolean> => {
    clearTimeout(timer);
    if (flying) return flying;
    const { text } = editor.getState().source;
    if (store.getState().saving.state === "conflict") return Promise.resolve(false);
    if (text === acknowledged) return Promise.resolve(true);
    flying = send(text);
    return flying;
  };
  const keep = () => {
    const kept: Kept = {
      text: editor.getState().source.text,
      revision: store.getState().revision,
      at: new Date().toISOString(),
    };
    try {
      localStorage.setItem(keyOf(kind, id), JSON.stringify(kept));
    } catch {
      // Without room in the browser the server's copy is the only one.
    }
  };

  const unfollow = editor.subscribe((state, before) => {
    if (state.source.text === before.source.text || state.closed) return;
    if (state.source.text === acknowledged && !flying) {
      clearTimeout(timer);
      forgetCopy(kind, id);
      say({ state: "saved", at: null });
      return;
    }
    keep();
    if (store.getState().saving.state === "conflict") return;
    if (store.getState().saving.state !== "offline") say({ state: "waiting" });
    later(IDLE_MS);
  });
  const back = () => {
    if (editor.getState().source.text !== acknowledged) void save();
  };
  window.addEventListener("online", back);
  window.addEventListener("blur", back);

  return {
    store,
    flush: async () => {
      if (flying) await flying;
      return save();
    },
    keepMine: async () => {
      const { saving } = store.getState();
      if (saving.state !== "conflict") return;
      store.setState({ revision: saving.revision, saving: { state: "waiting" } });
      acknowledged = saving.theirs;
      await save();
    },
    takeTheirs: () => {
      const { saving } = store.getState();
      if (saving.state !== "conflict") return;
      acknowledged = saving.theirs;
      store.setState({ revision: saving.revision, saving: { state: "saved", at: null } });
      replaceText(editor, saving.theirs);
      forgetCopy(kind, id);
    },
    refresh: async () => {
      const draft = await readDraft(kind, id).catch(() => null);
      if (!draft || editor.getState().source.text !== acknowledged) return;
      acknowledged = draft.text;
      store.setState({ revision: draft.revision, saving: { state: "saved", at: draft.changed_at } });
      replaceText(editor, draft.text);
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
      unfollow();
      window.removeEventListener("online", back);
      window.removeEventListener("blur", back);
      if (editor.getState().source.text !== acknowledged) void save();
    },
  };
}
