//! One step back, one step forth.

import { Redo2, Undo2 } from "lucide-react";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import { redoEdit, undoEdit, useEditor, useEditorStore } from "../state/editor";

export function UndoRedo() {
  const t = useText();
  const store = useEditorStore();
  const canUndo = useEditor((state) => state.history.undo.length > 0 && state.closed === null);
  const canRedo = useEditor((state) => state.history.redo.length > 0 && state.closed === null);
  return (
    <>
      <IconButton
        label={t("editor.undo")}
        icon={<Undo2 size={18} aria-hidden className="flip" />}
        isDisabled={!canUndo}
        onPress={() => undoEdit(store)}
      />
      <IconButton
        label={t("editor.redo")}
        icon={<Redo2 size={18} aria-hidden className="flip" />}
        isDisabled={!canRedo}
        onPress={() => redoEdit(store)}
      />
    </>
  );
}
