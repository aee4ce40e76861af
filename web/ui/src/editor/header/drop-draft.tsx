//! Asks whether the draft is to be dropped, and goes on with the text that is in force.

import { useQueryClient } from "@tanstack/react-query";
import { useText } from "~/i18n";
import { Confirm } from "~/ui/dialog";
import { toastError } from "~/ui/toast";
import { type DocumentKind, dropDraft, readDraft } from "../api";
import { type Autosave, forgetCopy } from "../state/autosave";
import { replaceText, useEditorStore } from "../state/editor";

interface Props {
  kind: DocumentKind;
  id: string;
  saves: Autosave | null;
  onClose: () => void;
}

export function DropDraft({ kind, id, saves, onClose }: Props) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const drop = async () => {
    try {
      await dropDraft(kind, id, saves?.store.getState().revision ?? "0");
      forgetCopy(kind, id);
      const draft = await readDraft(kind, id);
      saves?.store.setState({ revision: draft.revision });
      replaceText(store, draft.text);
      void client.invalidateQueries({ queryKey: ["draft"] });
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <Confirm
      title={t("editor.drop_draft")}
      text={t("editor.drop_text")}
      action={t("editor.drop_draft")}
      danger
      isOpen
      onClose={onClose}
      onConfirm={drop}
    />
  );
}
