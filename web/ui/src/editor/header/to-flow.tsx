//! Asks for the name of the flow that steps go into.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { idOf } from "~/api/flows";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextField } from "~/ui/field";
import { toast } from "~/ui/toast";
import { say, useEditorStore } from "../state/editor";
import { moveToFlow } from "../state/subflow";

export function ToFlow({ paths, onClose }: { paths: readonly string[]; onClose: () => void }) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const move = useMutation({
    mutationFn: async () => {
      const refused = await moveToFlow(store, paths, idOf(name), name);
      if (refused) throw new Error(t(`editor.refused.${refused}`));
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["flows"] });
      const words = t("editor.to_flow.done", { name });
      toast(words);
      say(store, words);
      onClose();
    },
  });
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button look="primary" isDisabled={name.trim() === ""} isPending={move.isPending} onPress={() => move.mutate()}>
        {t("editor.to_flow.do")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("editor.menu.to_flow")} isOpen onClose={onClose} footer={footer}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name.trim() !== "") move.mutate();
        }}
      >
        {move.error && <Banner tone="bad">{move.error.message}</Banner>}
        <p>{t("editor.to_flow.about", { n: paths.length })}</p>
        <TextField label={t("editor.flow_name")} value={name} onChange={setName} autoFocus />
      </form>
    </Dialog>
  );
}
