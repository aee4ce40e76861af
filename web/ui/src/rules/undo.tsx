//! The last change that was put in force, and the way back: the rules alone, or with the tags they gave since.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { History, Undo2 } from "lucide-react";
import { useState } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import { type Version, versions } from "~/editor/api";
import type { Autosave } from "~/editor/state/autosave";
import { say, useEditorStore } from "~/editor/state/editor";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { By } from "~/ui/person";
import { Skeleton } from "~/ui/skeleton";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { givenSince, undoPublish } from "./api";
import { Running } from "./apply";
import styles from "./rules.module.css";

interface Props {
  id: string;
  saves: Autosave | null;
  mayPublish: boolean;
  onVersions: () => void;
}

/** One line over the table: what is in force since when, and Undo. */
export function LastChange({ id, saves, mayPublish, onVersions }: Props) {
  const t = useText();
  const [asking, setAsking] = useState(false);
  const { data } = useQuery({ queryKey: ["versions", "rules", id], queryFn: () => versions("rules", id) });
  const live = data?.versions.find(({ state }) => state === "live");
  if (!data || !live) return null;
  return (
    <div className={styles.last}>
      <History size={16} aria-hidden />
      <span className={styles.last_words}>
        {t("rules.last", { version: live.number })} <Time at={live.published_at} />
        {live.by && (
          <>
            {" · "}
            <By who={live.by} />
          </>
        )}
        {live.comment && (
          <>
            {" · "}
            <bdi dir="auto">{live.comment}</bdi>
          </>
        )}
      </span>
      <Running id={id} />
      <span className={styles.only_wide}>
        <Button size="s" look="plain" onPress={onVersions}>
          {t("editor.versions")}
        </Button>
      </span>
      {data.versions.length > 1 && mayPublish && saves && (
        <Button size="s" icon={<Undo2 size={14} aria-hidden className="flip" />} onPress={() => setAsking(true)}>
          {t("rules.undo")}
        </Button>
      )}
      {asking && saves && (
        <UndoDialog id={id} live={live} all={data.versions} saves={saves} onClose={() => setAsking(false)} />
      )}
    </div>
  );
}

interface DialogProps {
  id: string;
  live: Version;
  all: readonly Version[];
  saves: Autosave;
  onClose: () => void;
}

function UndoDialog({ id, live, all, saves, onClose }: DialogProps) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const [what, setWhat] = useState("rules");
  const { data: given, error } = useQuery({
    queryKey: ["given", id, live.version],
    queryFn: () => givenSince(id, live.version),
    gcTime: 0,
  });
  const before = all.find(({ version }) => version === given?.before);
  const undo = useMutation({
    mutationFn: () => undoPublish(id, live.version, what === "tags", t("rules.undone", { version: live.number })),
    onSuccess: async () => {
      for (const key of ["versions", "rules", "changes"]) void client.invalidateQueries({ queryKey: [key] });
      await saves.refresh();
      const words = t(what === "tags" ? "rules.undone_tags" : "rules.undone", { version: live.number });
      toast(words);
      say(store, words);
      onClose();
    },
    onError: toastError,
  });
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button look="primary" isDisabled={!before || undo.isPending} onPress={() => undo.mutate()}>
        {t("rules.undo_do")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("rules.undo_title", { version: live.number })} isOpen onClose={onClose} footer={footer}>
      <div className={styles.undo}>
        {before && <p>{t("rules.undo_text", { version: before.number })}</p>}
        <RadioGroup value={what} onChange={setWhat} className={styles.choices}>
          <Label className="hidden">{t("rules.undo_what")}</Label>
          <Radio value="rules" className={styles.choice}>
            <span className={styles.dot} aria-hidden />
            <span>
              {t("rules.undo_rules")}
              <span className={styles.explained}>{t("rules.undo_rules_text")}</span>
            </span>
          </Radio>
          <Radio value="tags" className={styles.choice} isDisabled={!given || given.contacts === 0}>
            <span className={styles.dot} aria-hidden />
            <span>
              {t("rules.undo_tags")}
              <span className={styles.explained}>
                {given ? t("rules.undo_tags_text", { n: given.contacts }) : (error?.message ?? <Skeleton lines={1} />)}
              </span>
            </span>
          </Radio>
        </RadioGroup>
        {given && given.rules.length > 0 && (
          <ul className={styles.given}>
            {given.rules.map(({ rule, tag, contacts }) => (
              <li key={`${rule} ${tag}`}>{t("rules.given", { rule, tag, n: contacts })}</li>
            ))}
          </ul>
        )}
      </div>
    </Dialog>
  );
}
