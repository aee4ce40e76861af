//! Putting a segment in force: what changes in its text, and whom it would take.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { countText, segmentQuery } from "~/api/segments";
import { publish } from "~/editor/api";
import { Approval } from "~/editor/publish/approval";
import { Authors } from "~/editor/publish/authors";
import { useApprovalMissing } from "~/editor/publish/draft";
import { useLiveText } from "~/editor/publish/publish";
import type { Autosave } from "~/editor/state/autosave";
import { useEditor } from "~/editor/state/editor";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea } from "~/ui/field";
import { Skeleton } from "~/ui/skeleton";
import { toast } from "~/ui/toast";
import styles from "./segment.module.css";
import { counted } from "./words";

const TextDiff = lazy(() => import("~/editor/publish/text-diff"));

interface Props {
  id: string;
  saves: Autosave;
  /** Else it is asked for an approval, or given one, in here. */
  mayPublish: boolean;
  onClose: () => void;
}

export default function PublishSegment({ id, saves, mayPublish, onClose }: Props) {
  const t = useText();
  const client = useQueryClient();
  const text = useEditor((state) => state.source.text);
  const problems = useEditor((state) => state.problems);
  const broken = useEditor((state) => state.broken);
  const errors = problems.filter(({ severity }) => severity !== "warning");
  const live = useLiveText("flows", id);
  const unapproved = useApprovalMissing("flows", id);
  const [comment, setComment] = useState("");
  const send = useMutation({
    mutationFn: async () => {
      if (!(await saves.flush())) throw new Error(t("editor.publish.not_saved"));
      const { revision } = saves.store.getState();
      return publish("flows", id, { revision, comment, over: live.version, waiting: {} });
    },
    onSuccess: async () => {
      toast(t("book.segment_published"));
      for (const key of [["versions"], ["flows"], ["contact", "members"]])
        void client.invalidateQueries({ queryKey: key });
      await saves.refresh();
      onClose();
    },
  });
  const why = broken
    ? t("editor.publish.broken")
    : errors.length > 0
      ? t("editor.publish.errors", { n: errors.length })
      : live.known && live.text === text
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
    <Dialog title={t("book.segment_publish")} shape="wide" isOpen onClose={onClose} footer={footer}>
      <div className={styles.publish}>
        {send.error && <Banner tone="bad">{send.error.message}</Banner>}
        <Authors kind="flows" id={id} />
        {errors.map((problem) => (
          <Banner key={`${problem.line} ${problem.message}`} tone="bad">
            {problem.message} {problem.hint}
          </Banner>
        ))}
        {errors.length === 0 && !broken && <Whom id={id} text={text} />}
        {live.known ? (
          live.version && (
            <Suspense fallback={<Skeleton />}>
              <TextDiff before={live.text} now={text} />
            </Suspense>
          )
        ) : (
          <Skeleton lines={3} />
        )}
        <Approval kind="flows" id={id} saves={saves} />
        {mayPublish && <TextArea label={t("editor.publish.comment")} value={comment} onChange={setComment} rows={2} />}
      </div>
    </Dialog>
  );
}

/** How many it would take, and how many it takes now. */
function Whom({ id, text }: { id: string; text: string }) {
  const t = useText();
  const now = useQuery(segmentQuery(id)).data?.count;
  const next = useQuery({
    queryKey: ["flows", "segments", id, "count", text],
    queryFn: () => countText(id, text),
    retry: false,
  });
  if (!next.data) return next.error ? <Banner tone="warn">{next.error.message}</Banner> : <Skeleton lines={1} />;
  return (
    <p>
      {t("book.segment_would", { n: next.data.contacts, shown: counted(next.data, t) })}{" "}
      {now && <span className={styles.quiet}>{t("book.now", { value: counted(now, t) })}</span>}
    </p>
  );
}
