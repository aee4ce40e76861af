import { useState } from "react";
import { retryRun } from "~/api/runs";
import type { Json, RunDetail } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea } from "~/ui/field";
import { explain } from "~/ui/page";
import styles from "./run.module.css";

interface Props {
  run: RunDetail;
  onClose: () => void;
  onDone: (answer: { run?: string }) => Promise<void>;
}

/** Begins again at the step that failed, with its input as it was or changed; says what is not repeated. */
export function RetryDialog({ run, onClose, onDone }: Props) {
  const t = useText();
  const steps = run.picture?.steps ?? [];
  const failed = steps.find((step) => step.state === "failed");
  const was = JSON.stringify(failed?.input ?? null, null, 2);
  const [text, setText] = useState(was);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const input = parse(text);
  const done = steps.filter((step) => step.state === "done").map((step) => step.id ?? step.verb);
  const editable = failed !== undefined && failed.input !== null && run.status === "failed";
  const retry = async () => {
    setBusy(true);
    try {
      await onDone(await retryRun(run.id, text === was ? undefined : input));
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const footer = (
    <>
      <Button onPress={onClose}>{t("ui.cancel")}</Button>
      <Button look="primary" isDisabled={busy || (editable && input === undefined)} onPress={retry}>
        {t("run.retry")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("run.retry")} isOpen onClose={onClose} footer={footer}>
      {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
      <p>{failed ? t("retry.begins", { step: failed.id ?? failed.verb }) : t("retry.calls")}</p>
      {done.length > 0 && (
        <div className={styles.column}>
          <h3>{t("retry.not_repeated")}</h3>
          <ul className={styles.done}>
            {done.map((name, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two steps may do the same.
              <li key={at}>
                <code dir="ltr">{name}</code>
              </li>
            ))}
          </ul>
        </div>
      )}
      {editable && (
        <TextArea
          label={t("retry.input")}
          hint={t("retry.input_hint")}
          error={input === undefined ? t("retry.not_json") : null}
          mono
          rows={10}
          value={text}
          onChange={setText}
        />
      )}
    </Dialog>
  );
}

/** The value of a JSON text; `undefined` when it is none. */
export function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
