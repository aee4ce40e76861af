//! What to do when somebody else saved meanwhile.

import { useState } from "react";
import { useStore } from "zustand";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { nameOf } from "~/ui/person";
import { Changes } from "../publish/changes";
import type { Autosave } from "../state/autosave";
import { useEditorStore } from "../state/editor";

/** Two people saved: both texts, and a choice. */
export function Conflict({ saves }: { saves: Autosave }) {
  const t = useText();
  const store = useEditorStore();
  const saving = useStore(saves.store, (state) => state.saving);
  const [open, setOpen] = useState(false);
  if (saving.state !== "conflict") return null;
  const footer = (
    <>
      <Button
        onPress={() => {
          saves.takeTheirs();
          setOpen(false);
        }}
      >
        {t("editor.conflict.theirs")}
      </Button>
      <Button
        look="primary"
        onPress={() => {
          void saves.keepMine();
          setOpen(false);
        }}
      >
        {t("editor.conflict.mine")}
      </Button>
    </>
  );
  return (
    <>
      <Banner
        tone="bad"
        action={
          <Button size="s" onPress={() => setOpen(true)}>
            {t("editor.conflict.look")}
          </Button>
        }
      >
        {t("editor.conflict.text", { who: nameOf(saving.by ?? "?") })}
      </Banner>
      <Dialog
        title={t("editor.conflict.title")}
        shape="wide"
        isOpen={open}
        onClose={() => setOpen(false)}
        footer={footer}
      >
        <p>{t("editor.conflict.how")}</p>
        <Changes before={saving.theirs} now={store.getState().source.text} />
      </Dialog>
    </>
  );
}
