//! What is true about the draft at this moment.

import { CircleAlert, CircleCheck, CloudOff, LoaderCircle, PencilLine } from "lucide-react";
import { useStore } from "zustand";
import { useText } from "~/i18n";
import { shortTime } from "~/i18n/format";
import { useNow } from "~/ui/time";
import type { Autosave } from "../state/autosave";
import styles from "./header.module.css";

export function SaveState({ saves }: { saves: Autosave }) {
  const t = useText();
  const now = useNow();
  const saving = useStore(saves.store, (state) => state.saving);
  const at = saving.state === "saved" && saving.at ? shortTime(new Date(saving.at), now) : null;
  const look = {
    saved: { Icon: CircleCheck, text: at ? t("editor.save.saved_at", { at }) : t("editor.save.saved") },
    waiting: { Icon: PencilLine, text: t("editor.save.waiting") },
    saving: { Icon: LoaderCircle, text: t("editor.save.saving") },
    offline: { Icon: CloudOff, text: t("editor.save.offline") },
    conflict: { Icon: CircleAlert, text: t("editor.save.conflict") },
  }[saving.state];
  const bad = saving.state === "offline" || saving.state === "conflict";
  return (
    <span
      className={`${styles.save} ${bad ? styles.bad : ""}`}
      role="status"
      title={saving.state === "offline" ? saving.why : undefined}
    >
      <look.Icon size={14} aria-hidden />
      {look.text}
    </span>
  );
}
