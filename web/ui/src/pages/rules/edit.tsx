import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { ArrowLeft } from "lucide-react";
import { useEffect, useState } from "react";
import { draftQuery, dropDraft, publish, type Saved, saveDraft } from "~/api/flows";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import type { Draft, Problem } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { TextArea, TextField } from "~/ui/field";
import { explain, Loaded, Page } from "~/ui/page";
import { Badge } from "~/ui/status";
import { useSettled } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { Problems } from "../flows/import";
import run from "../run/run.module.css";
import styles from "./rules.module.css";

/** A text is saved this long after the last key. */
const IDLE_MS = 800;

/** One file of rules as text: saved as a draft while it is written, in force when it is published. */
export function RuleFilePage() {
  const t = useText();
  const { id } = useParams({ from: "/shell/rules/$id" });
  const draft = useQuery({
    ...draftQuery("rules", id),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
  const back = (
    <Link to="/rules" className={run.back}>
      <ArrowLeft size={14} aria-hidden className="flip" />
      {t("nav.rules")}
    </Link>
  );
  return (
    <Page title={id} back={back}>
      <Loaded read={draft}>{(found) => <Editor key={found.revision} id={id} draft={found} />}</Loaded>
    </Page>
  );
}

function Editor({ id, draft }: { id: string; draft: Draft }) {
  const t = useText();
  const can = useCan();
  const { text, setText, revision, problems, state, error } = useDraft(id, draft);
  const [comment, setComment] = useState("");
  const [dropping, setDropping] = useState(false);
  const [busy, setBusy] = useState(false);
  const readOnly = draft.read_only !== null || !can("rules.edit");
  const locked = draft.lock !== null && !draft.lock.yours;
  const renew = () => queries.invalidateQueries({ queryKey: ["draft", "rules", id] });
  const putLive = async () => {
    setBusy(true);
    try {
      await publish("rules", id, revision, comment);
      toast(t("rules.published"));
      setComment("");
      await Promise.all([renew(), queries.invalidateQueries({ queryKey: ["rules"] })]);
    } catch (caught) {
      toastError(caught);
    } finally {
      setBusy(false);
    }
  };
  const errors = problems.filter((problem) => problem.severity !== "warning");
  return (
    <>
      {draft.read_only && <Banner>{t("rules.read_only")}</Banner>}
      {locked && <Banner tone="warn">{t("rules.locked", { by: draft.lock?.by })}</Banner>}
      {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
      <TextArea
        label={t("rules.text")}
        mono
        rows={24}
        isReadOnly={readOnly || locked}
        value={text}
        onChange={setText}
      />
      <div className={styles.foot}>
        <Badge tone={state === "failed" ? "bad" : "idle"}>{t(`save.${state}`)}</Badge>
        <Badge tone={errors.length > 0 ? "bad" : "good"}>{t("rules.problems", { n: errors.length })}</Badge>
      </div>
      <Problems list={problems} />
      {!readOnly && (
        <div className={styles.publish}>
          <TextField label={t("rules.comment")} value={comment} onChange={setComment} />
          {can("rules.publish") && (
            <Button
              look="primary"
              isDisabled={busy || errors.length > 0 || state === "saving" || revision === "0"}
              onPress={putLive}
            >
              {t("rules.publish")}
            </Button>
          )}
          <Button isDisabled={revision === "0"} onPress={() => setDropping(true)}>
            {t("rules.drop")}
          </Button>
        </div>
      )}
      <Confirm
        title={t("rules.drop")}
        text={<p>{t("rules.drop_text")}</p>}
        action={t("rules.drop")}
        danger
        isOpen={dropping}
        onClose={() => setDropping(false)}
        onConfirm={() => dropDraft("rules", id).then(renew, toastError)}
      />
    </>
  );
}

type State = "saved" | "saving" | "failed";

/** The text and what the server makes of it; each save carries the revision it is based on. */
function useDraft(id: string, draft: Draft) {
  const [text, setText] = useState(draft.text);
  const [saved, setSaved] = useState({ text: draft.text, revision: draft.revision });
  const [problems, setProblems] = useState<Problem[]>([]);
  const [error, setError] = useState<unknown>(null);
  const settled = useSettled(text, IDLE_MS);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a save follows the text alone; what it answers must not begin another.
  useEffect(() => {
    if (settled === saved.text) return;
    const take = (answer: Saved) => {
      setSaved({ text: settled, revision: answer.revision });
      setProblems(answer.problems);
      setError(null);
    };
    saveDraft("rules", id, settled, saved.revision).then(take, setError);
  }, [settled]);
  const state: State = error ? "failed" : text === saved.text ? "saved" : "saving";
  return { text, setText, revision: saved.revision, problems, state, error };
}
