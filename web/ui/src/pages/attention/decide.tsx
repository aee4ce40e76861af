import { useState } from "react";
import { queries } from "~/api/queries";
import { failCall, retryCall, settleCall } from "~/api/runs";
import type { Call } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextArea } from "~/ui/field";
import { JsonView } from "~/ui/json";
import { explain, Facts } from "~/ui/page";
import { Tabs } from "~/ui/tabs";
import { Time } from "~/ui/time";
import { toast } from "~/ui/toast";
import { TroubleText } from "~/ui/trouble";
import { parse } from "../run/retry";
import styles from "./attention.module.css";

/** One call: try again, perhaps with other input; say that it did happen; or give up. */
export function DecideDialog({ call, onClose }: { call: Call; onClose: () => void }) {
  const t = useText();
  const was = JSON.stringify(call.plan?.input ?? null, null, 2);
  const [input, setInput] = useState(was);
  const [output, setOutput] = useState("{}");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const decide = async (act: () => Promise<unknown>, text: string) => {
    setBusy(true);
    try {
      await act();
      toast(text);
      await queries.invalidateQueries({ queryKey: ["attention"] });
      onClose();
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const given = parse(input);
  const found = parse(output);
  const retry = (
    <div className={styles.form}>
      <p>{t("attention.retry_text")}</p>
      <TextArea
        label={t("retry.input")}
        error={given === undefined ? t("retry.not_json") : null}
        mono
        rows={8}
        value={input}
        onChange={setInput}
      />
      <div>
        <Button
          look="primary"
          isDisabled={busy || given === undefined}
          onPress={() =>
            decide(() => retryCall(call.id, input === was ? undefined : given), t("attention.retried", { n: 1 }))
          }
        >
          {t("attention.retry")}
        </Button>
      </div>
    </div>
  );
  const settle = (
    <div className={styles.form}>
      <p>{t("attention.settle_text")}</p>
      <TextArea
        label={t("attention.output")}
        error={found === undefined ? t("retry.not_json") : null}
        mono
        rows={5}
        value={output}
        onChange={setOutput}
      />
      <div>
        <Button
          look="primary"
          isDisabled={busy || found === undefined}
          onPress={() => decide(() => settleCall(call.id, found ?? null), t("attention.settled"))}
        >
          {t("attention.settle")}
        </Button>
      </div>
    </div>
  );
  const fail = (
    <div className={styles.form}>
      <p>{t("attention.fail_text", { n: 1 })}</p>
      <div>
        <Button
          look="danger"
          isDisabled={busy}
          onPress={() => decide(() => failCall(call.id), t("attention.failed", { n: 1 }))}
        >
          {t("attention.fail")}
        </Button>
      </div>
    </div>
  );
  return (
    <Dialog title={t("attention.decide_title")} shape="wide" isOpen onClose={onClose}>
      {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
      <Facts
        rows={[
          [t("attention.call"), <code key="call" dir="ltr">{`${call.action} · ${call.connection}`}</code>],
          [t("runs.flow"), call.plan && <bdi key="flow">{`${call.plan.flow} · ${call.plan.step}`}</bdi>],
          [t("attention.why"), call.why && <TroubleText key="why" text={call.why} />],
          [t("attention.until"), call.deadline && <Time key="until" at={call.deadline} as="full" />],
        ]}
      />
      <JsonView value={call.attempts} label={t("step.attempts")} />
      <Tabs
        label={t("attention.decide_title")}
        tabs={[
          { id: "retry", label: t("attention.retry"), content: retry },
          { id: "settle", label: t("attention.settle"), content: settle },
          { id: "fail", label: t("attention.fail"), content: fail },
        ]}
      />
    </Dialog>
  );
}
