//! One person edits a document at a time; the others read, and may take over.

import { createStore, type StoreApi } from "zustand";
import { ApiError } from "~/api/client";
import { type DocumentKind, holdLock, type Lock, leaveLock } from "../api";
import type { EditorStore } from "./editor";

/** A lock that is not renewed for 60 s is gone. */
const BEAT_MS = 15_000;

export interface LockKeeper {
  store: StoreApi<{ holder: Lock | null }>;
  takeOver: () => Promise<void>;
  stop: () => void;
}

/** Holds the lock while the document is open in this window, and not a moment longer; when somebody else has it, the editor is for
 * reading. `onFree` when it becomes ours. */
export function keepLock(editor: EditorStore, kind: DocumentKind, id: string, onFree: () => void): LockKeeper {
  const store = createStore<{ holder: Lock | null }>(() => ({ holder: null }));
  /** Unless we heard otherwise: who leaves before the answer came gives it back too. */
  let mine = true;
  const beat = async (takeOver: boolean) => {
    try {
      const { lock } = await holdLock(kind, id, takeOver);
      mine = true;
      store.setState({ holder: lock });
      if (editor.getState().closed !== "locked") return;
      editor.setState({ closed: null });
      onFree();
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "locked") return;
      mine = false;
      store.setState({ holder: holderOf(error.details) });
      editor.setState({ closed: "locked" });
    }
  };
  const leave = () => {
    if (!mine) return;
    mine = false;
    void leaveLock(kind, id).catch(() => undefined);
  };
  // A page that the browser kept whole goes on where it was.
  const back = (event: PageTransitionEvent) => event.persisted && void beat(false);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", back);
  void beat(false);
  // Who waits keeps asking: the lock is free when the other one leaves.
  const timer = setInterval(() => void beat(false), BEAT_MS);
  return {
    store,
    takeOver: () => beat(true),
    stop: () => {
      clearInterval(timer);
      window.removeEventListener("pagehide", leave);
      window.removeEventListener("pageshow", back);
      leave();
    },
  };
}

function holderOf(details: unknown): Lock | null {
  const found = details as { lock?: Lock; by?: string; since?: string } | null;
  if (found?.lock) return found.lock;
  return found?.by ? { by: found.by, since: found.since ?? "", yours: false } : null;
}
