import { CircleAlert, CircleCheck, X } from "lucide-react";
import { create } from "zustand";
import { ApiError } from "~/api/client";
import { useText } from "~/i18n";
import { directionOf } from "~/i18n/direction";
import { Button, IconButton } from "./button";
import styles from "./toast.module.css";

interface Toast {
  id: number;
  text: string;
  bad: boolean;
  undo: (() => void) | null;
}

const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));

/** Long enough to read it twice; with Undo longer, since it has to be reached. */
const SHOWN_MS = 6_000;
const UNDO_MS = 12_000;
/** More than these hide the page. */
const MOST = 3;
let count = 0;

function add(text: string, bad: boolean, undo: (() => void) | null): void {
  count += 1;
  const id = count;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { id, text, bad, undo }].slice(-MOST) }));
  setTimeout(() => drop(id), undo ? UNDO_MS : SHOWN_MS);
}

function drop(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}

/** Says that something is done; `undo` puts it back. */
export function toast(text: string, undo?: () => void): void {
  add(text, false, undo ?? null);
}

/** Says why something could not be done, in the server's words. */
export function toastError(error: unknown): void {
  const text = error instanceof ApiError || error instanceof Error ? error.message : String(error);
  add(text, true, null);
}

/** Where toasts appear and are read out; once in the app. */
export function Toasts() {
  const t = useText();
  const toasts = useToasts((state) => state.toasts);
  return (
    <section className={styles.toasts} aria-live="polite" aria-label={t("ui.notices")}>
      {toasts.map((entry) => (
        <div key={entry.id} className={`${styles.toast} ${entry.bad ? styles.bad : ""}`}>
          {entry.bad ? <CircleAlert size={18} aria-hidden /> : <CircleCheck size={18} aria-hidden />}
          <span className={styles.text} dir={directionOf(entry.text)}>
            {entry.text}
          </span>
          {entry.undo && (
            <Button
              size="s"
              onPress={() => {
                entry.undo?.();
                drop(entry.id);
              }}
            >
              {t("ui.undo")}
            </Button>
          )}
          <IconButton
            size="s"
            label={t("ui.dismiss")}
            icon={<X size={16} aria-hidden />}
            onPress={() => drop(entry.id)}
          />
        </div>
      ))}
    </section>
  );
}
