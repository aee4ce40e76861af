//! Putting the draft in force: what changes in words, whom it concerns, its tests, and a comment.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useState } from "react";
import { publish, runTests } from "~/editor/api";
import { documentOf } from "~/editor/inspector/field";
import { Changes } from "~/editor/publish/changes";
import { useLiveText } from "~/editor/publish/publish";
import type { Autosave } from "~/editor/state/autosave";
import { say, useEditor, useEditorStore } from "~/editor/state/editor";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea } from "~/ui/field";
import { Skeleton } from "~/ui/skeleton";
import { toast } from "~/ui/toast";
import { Effect } from "./effect";
import { rulesOf } from "./model";
import styles from "./rules.module.css";
import { ruleName } from "./sentence";
import type { Trying } from "./use-try";

interface Props {
  id: string;
  saves: Autosave;
  trying: Trying;
  onClose: () => void;
}

export function PublishRules({ id, saves, trying, onClose }: Props) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const text = useEditor((state) => state.source.text);
  const problems = useEditor((state) => state.problems);
  const errors = problems.filter(({ severity }) => severity !== "warning");
  const broken = useEditor((state) => state.broken);
  const live = useLiveText("rules", id);
  const [comment, setComment] = useState("");
  const send = useMutation({
    mutationFn: async () => {
      if (!(await saves.flush())) throw new Error(t("editor.publish.not_saved"));
      const { revision } = saves.store.getState();
      return publish("rules", id, { revision, comment, over: live.version, waiting: {} });
    },
    onSuccess: async () => {
      const words = t("rules.published", { version: live.number + 1 });
      toast(words);
      say(store, words);
      for (const key of ["versions", "rules", "given"]) void client.invalidateQueries({ queryKey: [key] });
      await saves.refresh();
      onClose();
    },
  });
  const same = live.known && live.text === text;
  const why = broken
    ? t("editor.publish.broken")
    : errors.length > 0
      ? t("editor.publish.errors", { n: errors.length })
      : same
        ? t("rules.nothing_changed")
        : null;
  const footer = (
    <>
      {why && <span className={styles.quiet}>{why}</span>}
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button look="primary" isDisabled={why !== null || send.isPending} onPress={() => send.mutate()}>
        {t("rules.save")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("rules.save_title")} shape="wide" isOpen onClose={onClose} footer={footer}>
      <div className={styles.publish}>
        {send.error && <Banner tone="bad">{send.error.message}</Banner>}
        <Whom trying={trying} />
        {live.known ? live.version && <Changes before={live.text} now={text} /> : <Skeleton lines={3} />}
        {errors.map((problem) => (
          <Banner key={`${problem.line} ${problem.message}`} tone="bad">
            {problem.message} {problem.hint}
          </Banner>
        ))}
        <Tests text={text} />
        <TextArea label={t("editor.publish.comment")} value={comment} onChange={setComment} rows={2} />
      </div>
    </Dialog>
  );
}

/** Contacts that change, rule by rule. */
function Whom({ trying }: { trying: Trying }) {
  const t = useText();
  const rules = rulesOf(useEditor(documentOf));
  const changed = trying.tried?.rules.filter(({ contacts }) => contacts.gained + contacts.lost > 0) ?? [];
  if (!trying.tried || trying.stale) return <p className={styles.quiet}>{t("rules.save_untried")}</p>;
  if (changed.length === 0) return <p className={styles.quiet}>{t("rules.try.same")}</p>;
  return (
    <ul className={styles.whom}>
      {changed.map(({ rule, contacts }) => {
        const found = rules.find(({ id }) => id === rule);
        return (
          <li key={rule}>
            <bdi>{found ? ruleName(found) : rule}</bdi> <Effect counts={contacts} />
          </li>
        );
      })}
    </ul>
  );
}

function Tests({ text }: { text: string }) {
  const t = useText();
  const { data, error } = useQuery({ queryKey: ["tests", text], queryFn: () => runTests(text), retry: false });
  if (error) return null;
  if (!data) return <Skeleton lines={1} />;
  const failed = data.tests.filter(({ passed }) => !passed);
  const Icon = failed.length > 0 ? CircleAlert : CircleCheck;
  return (
    <section>
      <p className={failed.length > 0 ? styles.lost : styles.gained}>
        <Icon size={14} aria-hidden /> {t("editor.tests.passed", { passed: data.passed, all: data.tests.length })}
      </p>
      {failed.map(({ name, failures }) => (
        <p key={name}>
          <strong dir="auto">{name}</strong> <bdi dir="auto">{failures.join(" ")}</bdi>
        </p>
      ))}
    </section>
  );
}
