//! What publishing would do, before it is done: changes, problems, tests, and the people who are waiting.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, Users } from "lucide-react";
import { useState } from "react";
import { useStore } from "zustand";
import { ApiError } from "~/api/client";
import type { Problem } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea } from "~/ui/field";
import { Select } from "~/ui/select";
import { Skeleton } from "~/ui/skeleton";
import { toast } from "~/ui/toast";
import { type DocumentKind, type OnPublish, runTests, type WaitingPlace, waiting } from "../api";
import { cardOf, labelInWords } from "../model/cards";
import type { Autosave } from "../state/autosave";
import { say, useEditor, useEditorStore } from "../state/editor";
import { Failures } from "../test/failures";
import { Approval } from "./approval";
import { Authors } from "./authors";
import { Changes } from "./changes";
import { OnPast } from "./past";
import styles from "./publish.module.css";
import { usePublishing } from "./publishing";

interface Props {
  kind: DocumentKind;
  id: string;
  saves: Autosave;
  /** Else it is asked for an approval, or given one, in here. */
  mayPublish: boolean;
  onClose: () => void;
  onProblem: (problem: Problem) => void;
}

export function PublishDialog({ kind, id, saves, mayPublish, onClose, onProblem }: Props) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const revision = useStore(saves.store, (state) => state.revision);
  const [fates, setFates] = useState<Record<string, OnPublish>>({});
  const { text, problems, errors, broken, live, why, send, comment, setComment } = usePublishing({
    kind,
    id,
    saves,
    waiting: fates,
    onPublished: (version) => {
      const words = t("editor.publish.done", { version });
      toast(words);
      say(store, words);
      for (const key of ["versions", "flows", "draft", "waiting"]) void client.invalidateQueries({ queryKey: [key] });
      onClose();
    },
  });
  const first = errors[0];
  const footer = (
    <>
      {why && <span className={styles.why}>{why}</span>}
      {first && <Button onPress={() => onProblem(first)}>{t("editor.publish.first_problem")}</Button>}
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      {mayPublish && (
        <Button look="primary" isDisabled={why !== null} isPending={send.isPending} onPress={() => send.mutate()}>
          {t("editor.publish")}
        </Button>
      )}
    </>
  );
  return (
    <Dialog title={t("editor.publish.title")} shape="wide" isOpen onClose={onClose} footer={footer}>
      <div className={styles.parts} data-revision={revision}>
        {send.error && (
          <Banner tone="bad">{send.error instanceof ApiError ? send.error.message : String(send.error.message)}</Banner>
        )}
        <section>
          <h3>{live.version ? t("editor.publish.changes", { version: live.number }) : t("editor.publish.first")}</h3>
          <Authors kind={kind} id={id} />
          {live.known ? live.version && <Changes before={live.text} now={text} /> : <Skeleton lines={3} />}
        </section>
        <ProblemList problems={problems} onProblem={onProblem} />
        <Tests text={text} />
        {kind === "flows" && !broken && errors.length === 0 && <OnPast id={id} text={text} />}
        <Waiting kind={kind} id={id} fates={fates} onChange={setFates} />
        <Approval kind={kind} id={id} saves={saves} />
        {mayPublish && <TextArea label={t("editor.publish.comment")} value={comment} onChange={setComment} rows={2} />}
      </div>
    </Dialog>
  );
}

function ProblemList({ problems, onProblem }: { problems: readonly Problem[]; onProblem: (problem: Problem) => void }) {
  const t = useText();
  return (
    <section>
      <h3>{t("editor.problems", { n: problems.length })}</h3>
      <ul className={styles.changes}>
        {problems.map((problem) => (
          <li
            key={`${problem.line} ${problem.column} ${problem.message}`}
            className={problem.severity === "warning" ? styles.moved : styles.removed}
          >
            <CircleAlert size={14} aria-hidden />
            <button type="button" className={styles.link} onClick={() => onProblem(problem)}>
              <bdi dir="auto">{problem.message}</bdi>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tests({ text }: { text: string }) {
  const t = useText();
  const { data, error } = useQuery({ queryKey: ["tests", text], queryFn: () => runTests(text), retry: false });
  const failed = data?.tests.filter(({ passed }) => !passed) ?? [];
  return (
    <section>
      <h3>{t("editor.publish.tests")}</h3>
      {!data && !error && <Skeleton lines={1} />}
      {error && <p className={styles.quiet}>{error.message}</p>}
      {data && data.tests.length === 0 && <p className={styles.quiet}>{t("editor.tests.none")}</p>}
      {data && data.tests.length > 0 && (
        <p className={failed.length > 0 ? styles.bad : styles.good}>
          {failed.length > 0 ? <CircleAlert size={14} aria-hidden /> : <CircleCheck size={14} aria-hidden />}
          {t("editor.tests.passed", { passed: data.passed, all: data.tests.length })}
        </p>
      )}
      <ul className={styles.changes}>
        {failed.map(({ name, failures }) => (
          <li key={name} className={styles.removed}>
            <CircleAlert size={14} aria-hidden />
            <span>
              <strong dir="auto">{name}</strong> <Failures failures={failures} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const FATES: readonly OnPublish[] = ["finish", "continue", "stop"];

interface WaitingProps {
  kind: DocumentKind;
  id: string;
  /** What the publisher chose, by step; others become what their step says. */
  fates: Record<string, OnPublish>;
  onChange: (fates: Record<string, OnPublish>) => void;
}

/** Who is waiting where, and what becomes of them. */
function Waiting({ kind, id, fates, onChange }: WaitingProps) {
  const t = useText();
  const picture = useEditor((state) => state.picture);
  const { data } = useQuery({ queryKey: ["waiting", kind, id], queryFn: () => waiting(kind, id), retry: false });
  if (!data || data.places.length === 0) return null;
  const name = (place: WaitingPlace) => {
    const step = place.path === null ? undefined : picture.steps.get(place.path);
    const label = place.label && labelInWords(place.label, place.verb, t);
    return label || (step ? cardOf(step, t).title : place.step);
  };
  const choices = FATES.map((fate) => ({ id: fate, label: t(`editor.waiting.${fate}`) }));
  return (
    <section>
      <h3>{t("editor.waiting", { n: data.places.reduce((sum, { count }) => sum + count, 0) })}</h3>
      {data.places.map((place) => (
        <div key={`${place.version} ${place.step}`} className={styles.place}>
          <Users size={16} aria-hidden />
          <Select
            label={t("editor.waiting.at", { n: place.count, step: name(place) })}
            choices={choices}
            value={fates[place.step] ?? place.on_publish}
            onChange={(fate) => onChange({ ...fates, [place.step]: fate as OnPublish })}
          />
        </div>
      ))}
    </section>
  );
}
