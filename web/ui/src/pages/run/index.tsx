import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ArrowLeft, Ban, Play, RotateCcw } from "lucide-react";
import { useState } from "react";
import { flowsQuery, versionQuery } from "~/api/flows";
import { queries } from "~/api/queries";
import { cancelRun, replayRun, runQuery } from "~/api/runs";
import { useCan } from "~/api/session";
import type { RunDetail, WaitPicture } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { JsonView } from "~/ui/json";
import { Card, Facts, Loaded, Page } from "~/ui/page";
import { Id, PersonName } from "~/ui/person";
import { RunStatusBadge } from "~/ui/status";
import { Duration, Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { TriggerName } from "~/ui/trigger";
import { HeldText, TroubleText } from "~/ui/trouble";
import { Journal } from "./journal";
import { Messages } from "./messages";
import { Path } from "./path";
import { RetryDialog } from "./retry";
import styles from "./run.module.css";
import { StepPanel } from "./step";
import { useTitles } from "./use-titles";

/** What happened in one run, on the version that ran. */
export function RunPage() {
  const t = useText();
  const { id } = useParams({ from: "/shell/runs/$id" });
  const run = useQuery(runQuery(id));
  const { data: flows = [] } = useQuery(flowsQuery);
  const flow = flows.find((one) => one.id === run.data?.flow);
  const back = (
    <Link to="/runs" className={styles.back}>
      <ArrowLeft size={14} aria-hidden className="flip" />
      {t("nav.runs")}
    </Link>
  );
  return (
    <Page
      name={t("run.title")}
      back={back}
      title={
        <span className={styles.title}>
          <bdi>{flow?.name ?? run.data?.flow ?? t("run.title")}</bdi>
          {run.data && <RunStatusBadge status={run.data.status} />}
        </span>
      }
      about={<Id id={id} />}
      actions={run.data && <Actions run={run.data} />}
    >
      <Loaded read={run} lines={10}>
        {(found) => <Detail run={found} />}
      </Loaded>
    </Page>
  );
}

function Detail({ run }: { run: RunDetail }) {
  const t = useText();
  const navigate = useNavigate({ from: "/runs/$id" });
  const { step: chosen } = useSearch({ from: "/shell/runs/$id" });
  const { data: version } = useQuery(versionQuery(run.flow, run.version));
  const titles = useTitles(version?.text);
  const steps = run.picture?.steps ?? [];
  const first = steps.find((step) => step.state === "failed") ?? steps.findLast((step) => step.state !== "skipped");
  const step = steps.find((one) => one.path === chosen) ?? first;
  const names = new Map(steps.flatMap(({ step, path }) => [[step, titles.get(path)?.title ?? step] as const]));
  const choose = (path: string) => void navigate({ search: { step: path }, replace: true });
  return (
    <>
      {run.error && (
        <Banner tone="bad">
          <TroubleText text={run.error} />
        </Banner>
      )}
      {run.waiting_for && (
        <Banner tone="warn">
          <HeldText {...run.waiting_for} />
        </Banner>
      )}
      {run.status === "waiting" && run.picture?.waits.map((wait) => <Waits key={wait.wait} wait={wait} />)}
      <div className={styles.columns}>
        <div className={styles.column}>
          <Path run={run} text={version?.text} titles={titles} chosen={step?.path ?? null} onChoose={choose} />
          <Card title={t("run.started_by")}>
            <Trigger run={run} />
          </Card>
        </div>
        <div className={styles.column}>
          {step && (
            <Card>
              <StepPanel step={step} title={titles.get(step.path)?.title ?? step.verb} />
            </Card>
          )}
          {run.messages.length > 0 && (
            <Card title={t("run.messages")}>
              <Messages messages={run.messages} />
            </Card>
          )}
          <Card title={t("run.journal")} flush>
            <Journal rows={[...run.handling, ...run.journal]} steps={names} />
          </Card>
        </div>
      </div>
    </>
  );
}

/** For what a run waits, and until when. */
function Waits({ wait }: { wait: WaitPicture }) {
  const t = useText();
  return (
    <Banner>
      {wait.event ? (
        <>
          {t("run.waits_for")} <TriggerName kind={wait.event} />
        </>
      ) : (
        t("run.waits")
      )}
      {wait.until && (
        <>
          {" · "}
          {t("run.waits_until")} <Time at={wait.until} as="full" />
        </>
      )}
    </Banner>
  );
}

function Trigger({ run }: { run: RunDetail }) {
  const t = useText();
  return (
    <div className={styles.column}>
      <Facts
        rows={[
          [t("run.event"), run.trigger && <TriggerName kind={run.trigger.type} />],
          [
            t("runs.contact"),
            run.contact && (
              <Link to="/contacts/$who" params={{ who: run.contact }}>
                <PersonName name={run.contact_name ?? run.contact} />
              </Link>
            ),
          ],
          [t("runs.started"), <Time key="at" at={run.started_at} as="full" />],
          [t("runs.took"), <Duration key="took" from={run.started_at} to={run.ended_at} />],
          [t("run.version"), <Id key="version" id={run.version} short />],
        ]}
      />
      {run.trigger && <JsonView value={run.trigger.body} label={t("run.event")} />}
    </div>
  );
}

function Actions({ run }: { run: RunDetail }) {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate();
  const [asking, setAsking] = useState<"cancel" | "replay" | "retry" | null>(null);
  const close = () => setAsking(null);
  if (!can("runs.control")) return null;
  const renew = () =>
    Promise.all([queries.invalidateQueries({ queryKey: ["run"] }), queries.invalidateQueries({ queryKey: ["runs"] })]);
  const go = async (answer: { run?: string }, text: string) => {
    toast(text);
    await renew();
    if (answer.run) await navigate({ to: "/runs/$id", params: { id: answer.run } });
  };
  const over = ["done", "failed", "cancelled"].includes(run.status);
  const retriable = run.status === "failed" || run.status === "needs_attention";
  return (
    <>
      {!over && (
        <Button icon={<Ban size={16} aria-hidden />} onPress={() => setAsking("cancel")}>
          {t("run.cancel")}
        </Button>
      )}
      <Button icon={<Play size={16} aria-hidden className="flip" />} onPress={() => setAsking("replay")}>
        {t("run.replay")}
      </Button>
      {retriable && (
        <Button look="primary" icon={<RotateCcw size={16} aria-hidden />} onPress={() => setAsking("retry")}>
          {t("run.retry")}
        </Button>
      )}
      <Confirm
        title={t("run.cancel")}
        text={<p>{t("run.cancel_text")}</p>}
        action={t("run.cancel")}
        danger
        isOpen={asking === "cancel"}
        onClose={close}
        onConfirm={() => cancelRun(run.id).then(() => go({}, t("run.cancelled_it")), toastError)}
      />
      <Confirm
        title={t("run.replay")}
        text={<p>{t("run.replay_text")}</p>}
        action={t("run.replay")}
        isOpen={asking === "replay"}
        onClose={close}
        onConfirm={() => replayRun(run.id).then((answer) => go(answer, t("run.replayed")), toastError)}
      />
      {asking === "retry" && (
        <RetryDialog run={run} onClose={close} onDone={(answer) => go(answer, t("run.retried"))} />
      )}
    </>
  );
}
