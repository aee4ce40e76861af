//! What is in the way of editing, and what can be done about it.

import { lazy, Suspense, useState } from "react";
import { useStore } from "zustand";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { nameOf } from "~/ui/person";
import { withPublishTexts } from "../publish/texts";
import type { Autosave } from "../state/autosave";
import { useEditor, type View } from "../state/editor";
import type { LockKeeper } from "../state/lock";
import styles from "./header.module.css";

const Conflict = lazy(() => withPublishTexts(import("./conflict")).then(({ Conflict }) => ({ default: Conflict })));

export function Banners({
  saves,
  lock,
  onView,
}: {
  saves: Autosave | null;
  lock: LockKeeper | null;
  onView: (view: View) => void;
}) {
  return (
    <div className={styles.banners}>
      <Broken onView={onView} />
      <Closed lock={lock} />
      {saves && <OneOfTwo saves={saves} />}
    </div>
  );
}

/** Loaded when two people saved, which is rare. */
function OneOfTwo({ saves }: { saves: Autosave }) {
  const conflict = useStore(saves.store, ({ saving }) => saving.state === "conflict");
  return <Suspense>{conflict && <Conflict saves={saves} />}</Suspense>;
}

function Broken({ onView }: { onView: (view: View) => void }) {
  const t = useText();
  const broken = useEditor((state) => state.broken);
  const view = useEditor((state) => state.view);
  if (!broken) return null;
  const action =
    view === "yaml" || view === "split" ? null : (
      <Button size="s" onPress={() => onView("split")}>
        {t("editor.show_text")}
      </Button>
    );
  return (
    <Banner tone="warn" action={action}>
      {t("editor.broken", { line: broken.line, message: broken.message })}
    </Banner>
  );
}

function Closed({ lock }: { lock: LockKeeper | null }) {
  const t = useText();
  const closed = useEditor((state) => state.closed);
  if (closed === "locked" && lock) return <Locked lock={lock} />;
  if (closed === "file") return <Banner>{t("editor.closed.file")}</Banner>;
  if (closed === "permission") return <Banner>{t("editor.closed.permission")}</Banner>;
  return null;
}

function Locked({ lock }: { lock: LockKeeper }) {
  const t = useText();
  const holder = useStore(lock.store, (state) => state.holder);
  const [busy, setBusy] = useState(false);
  const take = async () => {
    setBusy(true);
    await lock.takeOver();
    setBusy(false);
  };
  return (
    <Banner
      tone="warn"
      action={
        <Button size="s" isDisabled={busy} onPress={take}>
          {t("editor.take_over")}
        </Button>
      }
    >
      {t("editor.closed.locked", { who: nameOf(holder?.by ?? "?") })}
    </Banner>
  );
}
