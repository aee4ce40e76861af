//! The window in which rules and segments are put in force; what they show of it is their own.

import { lazy, type ReactNode, Suspense } from "react";
import type { Problem } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea } from "~/ui/field";
import { Skeleton } from "~/ui/skeleton";
import type { DocumentKind } from "../api";
import type { Autosave } from "../state/autosave";
import { Approval } from "./approval";
import { Authors } from "./authors";
import styles from "./publish.module.css";
import type { usePublishing } from "./publishing";

const TextDiff = lazy(() => import("./text-diff"));

interface Props {
  kind: DocumentKind;
  id: string;
  saves: Autosave;
  title: string;
  publishing: ReturnType<typeof usePublishing>;
  /** Else it is asked for an approval, or given one, in here. */
  mayPublish: boolean;
  onClose: () => void;
  children: ReactNode;
}

export function SaveWindow({ kind, id, saves, title, publishing, mayPublish, onClose, children }: Props) {
  const t = useText();
  const { why, send, comment, setComment } = publishing;
  const footer = (
    <>
      {why && <span className={styles.unready}>{why}</span>}
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      {mayPublish && (
        <Button look="primary" isDisabled={why !== null || send.isPending} onPress={() => send.mutate()}>
          {t("rules.save")}
        </Button>
      )}
    </>
  );
  return (
    <Dialog title={title} shape="wide" isOpen onClose={onClose} footer={footer}>
      <div className={styles.save}>
        {send.error && <Banner tone="bad">{send.error.message}</Banner>}
        <Authors kind={kind} id={id} />
        {children}
        <Approval kind={kind} id={id} saves={saves} />
        {mayPublish && <TextArea label={t("editor.publish.comment")} value={comment} onChange={setComment} rows={2} />}
      </div>
    </Dialog>
  );
}

/** What must be mended first. */
export function Errors({ errors }: { errors: readonly Problem[] }) {
  return errors.map((problem) => (
    <Banner key={`${problem.line} ${problem.message}`} tone="bad">
      {problem.message} {problem.hint}
    </Banner>
  ));
}

/** What changed in the text, line by line. */
export function ChangedLines({ before, now }: { before: string; now: string }) {
  return (
    <Suspense fallback={<Skeleton />}>
      <TextDiff before={before} now={now} />
    </Suspense>
  );
}
