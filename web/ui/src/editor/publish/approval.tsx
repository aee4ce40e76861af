//! A second pair of eyes, where the workspace asks for it: somebody asks, somebody else approves what the draft says at that moment.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleCheck, CircleX, Clock } from "lucide-react";
import { useRef, useState } from "react";
import { useSession } from "~/api/session";
import type { Review } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { TextField } from "~/ui/field";
import { By } from "~/ui/person";
import { Time } from "~/ui/time";
import { type DocumentKind, review as send } from "../api";
import type { Autosave } from "../state/autosave";
import { draftQuery, useApprovalNeeded } from "./draft";
import styles from "./publish.module.css";

interface Props {
  kind: DocumentKind;
  id: string;
  saves: Autosave;
}

export function Approval(props: Props) {
  return useApprovalNeeded() ? <Needed {...props} /> : null;
}

type Action = "ask" | "approve" | "decline";

function Needed({ kind, id, saves }: Props) {
  const t = useText();
  const client = useQueryClient();
  const me = useSession().user.id;
  const { data: draft } = useQuery(draftQuery(kind, id));
  const [words, setWords] = useState("");
  const head = useRef<HTMLHeadingElement>(null);
  const act = useMutation({
    mutationFn: async (action: Action) => {
      if (!(await saves.flush())) throw new Error(t("editor.publish.not_saved"));
      return send(kind, id, action, saves.store.getState().revision, words);
    },
    onSuccess: () => {
      setWords("");
      // The buttons go: the focus stays at what was asked or answered.
      head.current?.focus();
      return client.invalidateQueries({ queryKey: ["draft", "author", kind, id] });
    },
  });
  if (!draft) return null;
  const { review } = draft;
  const isOpen = review !== null && !review.outdated;
  const mine = draft.changed_by?.startsWith(`user:${me} `) ?? false;
  const answers = mine ? [] : (["approve", "decline"] as const);
  const asks = isOpen && review.state !== "declined" ? [] : (["ask"] as const);
  return (
    <section>
      <h3 ref={head} tabIndex={-1} className={styles.head}>
        {t("editor.review")}
      </h3>
      {act.error && <Banner tone="bad">{act.error.message}</Banner>}
      <Stands review={review} />
      {mine && <p className={styles.quiet}>{t("editor.review.own")}</p>}
      {(answers.length > 0 || asks.length > 0) && (
        <>
          <TextField label={t("editor.review.words")} value={words} onChange={setWords} />
          <span className={styles.asks}>
            {[...asks, ...answers].map((action) => (
              <Button key={action} size="s" isDisabled={act.isPending} onPress={() => act.mutate(action)}>
                {t(`editor.review.${action}`)}
              </Button>
            ))}
          </span>
        </>
      )}
    </section>
  );
}

/** What was asked and answered, by whom and with which words. */
function Stands({ review }: { review: Review | null }) {
  const t = useText();
  if (!review) return <p className={styles.quiet}>{t("editor.review.none")}</p>;
  const asked = review.state === "asked";
  const Icon = asked ? Clock : review.state === "approved" ? CircleCheck : CircleX;
  const tone = asked ? styles.quiet : review.state === "approved" ? styles.good : styles.bad;
  const [who, at, words] = asked
    ? [review.asked_by, review.asked_at, review.comment]
    : [review.answered_by, review.answered_at, review.answer];
  return (
    <>
      <p className={`${styles.stands} ${tone}`}>
        <Icon size={14} aria-hidden />
        <span>
          {t(`editor.review.is_${review.state}`)} {who && <By who={who} />} {at && <Time at={at} />}
          {words && (
            <>
              {" · "}
              <bdi dir="auto">{words}</bdi>
            </>
          )}
        </span>
      </p>
      {review.outdated && <p className={styles.bad}>{t("editor.review.outdated")}</p>}
    </>
  );
}
