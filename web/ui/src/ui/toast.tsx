import { AtSign, CircleAlert, CircleCheck, X } from "lucide-react";
import { create } from "zustand";
import { ApiError } from "~/api/client";
import { translate, useText } from "~/i18n";
import { directionOf } from "~/i18n/direction";
import { Button, IconButton } from "./button";
import styles from "./toast.module.css";

/** What can be done about it with one press. */
interface Act {
  label: string;
  do: () => void;
}

interface Toast {
  id: number;
  text: string;
  look: "good" | "bad" | "news";
  act: Act | null;
}

const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));

/** Long enough to read it twice; with Undo longer, since it has to be reached. */
const SHOWN_MS = 6_000;
const UNDO_MS = 12_000;
/** Whoever looked away for a moment still finds it. */
const NEWS_MS = 60_000;
/** More than these hide the page. */
const MOST = 3;
let count = 0;

function add(text: string, look: Toast["look"], act: Act | null, ms: number): void {
  count += 1;
  const id = count;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { id, text, look, act }].slice(-MOST) }));
  setTimeout(() => drop(id), ms);
}

function drop(id: number): void {
  useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
}

/** Says that something is done; `undo` puts it back. */
export function toast(text: string, undo?: () => void): void {
  const act = undo ? { label: translate("ui.undo"), do: undo } : null;
  add(text, "good", act, undo ? UNDO_MS : SHOWN_MS);
}

/** Says what somebody else did, and leads there. */
export function toastNews(text: string, act: Act): void {
  add(text, "news", act, NEWS_MS);
}

/** Says why something could not be done, in the server's words. */
export function toastError(error: unknown): void {
  const text = error instanceof ApiError || error instanceof Error ? error.message : String(error);
  add(text, "bad", null, SHOWN_MS);
}

/** Where toasts appear and are read out; once in the app. */
export function Toasts() {
  const t = useText();
  const toasts = useToasts((state) => state.toasts);
  return (
    <section className={styles.toasts} aria-live="polite" aria-label={t("ui.notices")}>
      {toasts.map((entry) => (
        <div key={entry.id} className={`${styles.toast} ${styles[entry.look]}`}>
          <Icon look={entry.look} />
          <span className={styles.text} dir={directionOf(entry.text)}>
            {entry.text}
          </span>
          {entry.act && (
            <Button
              size="s"
              onPress={() => {
                entry.act?.do();
                drop(entry.id);
              }}
            >
              {entry.act.label}
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

const ICONS = { good: CircleCheck, bad: CircleAlert, news: AtSign };

function Icon({ look }: { look: Toast["look"] }) {
  const Shown = ICONS[look];
  return <Shown size={18} aria-hidden />;
}
