//! Putting the draft in force: what changes in words, whom it concerns, its tests, and a comment.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";
import { publish, runTests } from "~/editor/api";
import { documentOf } from "~/editor/inspector/field";
import { More } from "~/editor/inspector/schema-fields";
import { view } from "~/editor/model/view";
import { Approval } from "~/editor/publish/approval";
import { Authors } from "~/editor/publish/authors";
import { useApprovalMissing } from "~/editor/publish/draft";
import { useLiveText } from "~/editor/publish/publish";
import type { Autosave } from "~/editor/state/autosave";
import { say, useEditor, useEditorStore } from "~/editor/state/editor";
import { Failures } from "~/editor/test/failures";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea } from "~/ui/field";
import { Skeleton } from "~/ui/skeleton";
import { Badge } from "~/ui/status";
import { toast } from "~/ui/toast";
import { read } from "~/yaml";
import { Effect } from "./effect";
import { changedRules, moved, type RuleView, rulesOf } from "./model";
import styles from "./rules.module.css";
import { ruleName, Sentence } from "./sentence";
import type { Trying } from "./use-try";

const TextDiff = lazy(() => import("~/editor/publish/text-diff"));

interface Props {
  id: string;
  saves: Autosave;
  trying: Trying;
  /** Else it is asked for an approval, or given one, in here. */
  mayPublish: boolean;
  onClose: () => void;
}

export function PublishRules({ id, saves, trying, mayPublish, onClose }: Props) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const text = useEditor((state) => state.source.text);
  const problems = useEditor((state) => state.problems);
  const errors = problems.filter(({ severity }) => severity !== "warning");
  const broken = useEditor((state) => state.broken);
  const live = useLiveText("rules", id);
  const unapproved = useApprovalMissing("rules", id);
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
        : unapproved
          ? t("editor.review.needed")
          : null;
  const footer = (
    <>
      {why && <span className={styles.quiet}>{why}</span>}
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      {mayPublish && (
        <Button look="primary" isDisabled={why !== null || send.isPending} onPress={() => send.mutate()}>
          {t("rules.save")}
        </Button>
      )}
    </>
  );
  return (
    <Dialog title={t("rules.save_title")} shape="wide" isOpen onClose={onClose} footer={footer}>
      <div className={styles.publish}>
        {send.error && <Banner tone="bad">{send.error.message}</Banner>}
        <Authors kind="rules" id={id} />
        {live.known ? (
          <>
            <InWords before={live.text} trying={trying} />
            {live.version && (
              <More label={t("editor.changes.text")}>
                <Suspense fallback={<Skeleton />}>
                  <TextDiff before={live.text} now={text} />
                </Suspense>
              </More>
            )}
          </>
        ) : (
          <Skeleton lines={3} />
        )}
        {errors.map((problem) => (
          <Banner key={`${problem.line} ${problem.message}`} tone="bad">
            {problem.message} {problem.hint}
          </Banner>
        ))}
        <Tests text={text} />
        <Approval kind="rules" id={id} saves={saves} />
        {mayPublish && <TextArea label={t("editor.publish.comment")} value={comment} onChange={setComment} rows={2} />}
      </div>
    </Dialog>
  );
}

/** Rules that are new, gone or other than before, each in words and with the contacts that it gains and loses. */
function InWords({ before, trying }: { before: string; trying: Trying }) {
  const t = useText();
  const now = rulesOf(useEditor(documentOf));
  const old = useMemo(() => rulesOf(view(read(before))), [before]);
  const fresh = trying.tried !== null && !trying.stale;
  const effects = new Map(trying.tried?.rules.map(({ rule, contacts }) => [rule, contacts]));
  const changes = changedRules(old, now);
  const sentence = (rule: RuleView) => <Sentence rule={rule} />;
  return (
    <section className={styles.undo}>
      <ul className={styles.whom}>
        {changes.map(({ id, before: was, now: is }) => {
          const effect = effects.get(id);
          return (
            <li key={id}>
              <span className={styles.row_head}>
                <bdi className={styles.name}>{ruleName((is ?? was) as RuleView)}</bdi>
                {!was && <Badge tone="good">{t("rules.is_new")}</Badge>}
                {!is && <Badge tone="bad">{t("rules.is_gone")}</Badge>}
                {fresh && effect && <Effect counts={effect} />}
              </span>
              {was && <del>{sentence(was)}</del>}
              {is && <ins>{sentence(is)}</ins>}
            </li>
          );
        })}
      </ul>
      {!fresh && <p className={styles.quiet}>{t("rules.save_untried")}</p>}
      {moved(old, now) && <p className={styles.quiet}>{t("rules.order_changed")}</p>}
    </section>
  );
}

function Tests({ text }: { text: string }) {
  const t = useText();
  const { data, error } = useQuery({ queryKey: ["tests", text], queryFn: () => runTests(text), retry: false });
  if (error) return null;
  if (!data) return <Skeleton lines={1} />;
  if (data.tests.length === 0) return <p className={styles.quiet}>{t("rules.no_tests")}</p>;
  const failed = data.tests.filter(({ passed }) => !passed);
  const Icon = failed.length > 0 ? CircleAlert : CircleCheck;
  return (
    <section>
      <p className={failed.length > 0 ? styles.lost : styles.gained}>
        <Icon size={14} aria-hidden /> {t("editor.tests.passed", { passed: data.passed, all: data.tests.length })}
      </p>
      {failed.map(({ name, failures }) => (
        <p key={name}>
          <strong dir="auto">{name}</strong> <Failures failures={failures} />
        </p>
      ))}
    </section>
  );
}
