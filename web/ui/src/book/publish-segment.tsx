//! Putting a segment in force: what changes in its text, and whom it would take.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { countText, segmentQuery } from "~/api/segments";
import { usePublishing } from "~/editor/publish/publishing";
import { ChangedLines, Errors, SaveWindow } from "~/editor/publish/save-window";
import type { Autosave } from "~/editor/state/autosave";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Skeleton } from "~/ui/skeleton";
import { toast } from "~/ui/toast";
import styles from "./segment.module.css";
import { counted } from "./words";

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
  const document = { kind: "segments", id, saves } as const;
  const publishing = usePublishing({
    ...document,
    needsChange: true,
    onPublished: async () => {
      toast(t("book.segment_published"));
      for (const key of [["versions"], ["flows"], ["contact", "members"]])
        void client.invalidateQueries({ queryKey: key });
      await saves.refresh();
      onClose();
    },
  });
  const { text, live, errors, broken } = publishing;
  return (
    <SaveWindow
      {...document}
      title={t("book.segment_publish")}
      publishing={publishing}
      mayPublish={mayPublish}
      onClose={onClose}
    >
      <Errors errors={errors} />
      {errors.length === 0 && !broken && <Whom id={id} text={text} />}
      {live.known ? live.version && <ChangedLines before={live.text} now={text} /> : <Skeleton lines={3} />}
    </SaveWindow>
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
