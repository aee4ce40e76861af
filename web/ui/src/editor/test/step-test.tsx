//! One step tried out, beside its form: with the data of a run or made-up data. Nothing is sent or changed.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, FlaskConical } from "lucide-react";
import { type ReactNode, useState } from "react";
import { ApiError } from "~/api/client";
import type { Json } from "~/api/types";
import { useText } from "~/i18n";
import { shortTime } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { JsonView } from "~/ui/json";
import { Select } from "~/ui/select";
import { StepStateBadge } from "~/ui/status";
import { Time, useNow } from "~/ui/time";
import { TroubleText } from "~/ui/trouble";
import { catalogQuery, simulate } from "../api";
import type { Step } from "../model/model";
import { useEditor, useEditorStore } from "../state/editor";
import { alone, type Given, outcome, sampled, type Tried } from "./alone";
import { givenBy, inRun, type LastRun, type Lasts, lastsOf, useLastRuns } from "./last-runs";
import styles from "./step-test.module.css";
import { withTimes } from "./words";

const SAMPLE = "sample";

/** What a test showed, with the step as it was then. */
interface Shown {
  tried: Tried;
  of: string;
}

export function StepTest({ step }: { step: Step }) {
  const t = useText();
  const flow = useEditor((state) => state.picture.id);
  const runs = useLastRuns(flow);
  const lasts = lastsOf(runs, step);
  const reached = runs.filter(({ detail }) => inRun(detail, step));
  const [chosen, setChosen] = useState<string | null>(null);
  const choice = chosen ?? reached[0]?.run.id ?? runs[0]?.run.id ?? SAMPLE;
  const run = runs.find((own) => own.run.id === choice) ?? null;
  const { test, shown } = useTest(step, flow, run);
  return (
    <section className={styles.test} aria-label={t("editor.step_test")}>
      <div className={styles.row}>
        <span className={styles.with}>
          <Select
            compact
            label={t("editor.step_test.with")}
            choices={useChoices(runs, step)}
            value={choice}
            onChange={setChosen}
          />
        </span>
        <Button icon={<FlaskConical size={16} aria-hidden />} isPending={test.isPending} onPress={() => test.mutate()}>
          {t("editor.step_test.do")}
        </Button>
      </div>
      <div className={styles.result} aria-live="polite">
        {test.error && <Banner tone="bad">{wordsOf(test.error)}</Banner>}
        {shown && !test.error && <Outcome tried={shown.tried} stale={shown.of !== JSON.stringify(step.data)} />}
      </div>
      <LastTimes lasts={lasts} />
    </section>
  );
}

function useTest(step: Step, flow: string, run: LastRun | null) {
  const store = useEditorStore();
  const client = useQueryClient();
  const { data: catalog } = useQuery(catalogQuery);
  const key = ["step test", flow, step.id ?? step.path];
  const { data: shown } = useQuery<Shown | null>({
    queryKey: key,
    queryFn: () => client.getQueryData<Shown>(key) ?? null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const test = useMutation({
    mutationFn: async () => {
      const { picture } = store.getState();
      if (!catalog) return;
      const given: Given = (run && (await givenBy(run.detail, picture))) ?? sampled(picture, catalog);
      const { asked, path } = alone(picture, step, given, catalog);
      const tried = outcome(await simulate(asked), path);
      client.setQueryData<Shown>(key, { tried, of: JSON.stringify(step.data) });
    },
  });
  return { test, shown };
}

function useChoices(runs: readonly LastRun[], step: Step) {
  const t = useText();
  const now = useNow();
  return [
    ...runs.map(({ run, detail }) => ({
      id: run.id,
      label: t("editor.step_test.run", {
        who: run.contact_name || t("editor.step_test.nobody"),
        at: shortTime(new Date(run.started_at), now),
      }),
      detail: inRun(detail, step) ? null : t("editor.step_test.elsewhere"),
    })),
    { id: SAMPLE, label: t("editor.step_test.sample") },
  ];
}

/** Why nothing could be tried: what is wrong with the step, else what the server says. */
function wordsOf(error: Error): string {
  const details = error instanceof ApiError && Array.isArray(error.details) ? error.details : [];
  const words = (details as { message?: string; severity?: string }[])
    .filter(({ severity }) => severity !== "warning")
    .map(({ message }) => message)
    .filter(Boolean);
  return words.length > 0 ? words.join(" · ") : error.message;
}

function Outcome({ tried, stale }: { tried: Tried; stale: boolean }) {
  const t = useText();
  return (
    <>
      <p className={styles.state}>
        {tried.state === "unreached" ? t("editor.step_test.unreached") : <StepStateBadge state={tried.state} />}
        {stale && <span className={styles.stale}>{t("editor.step_test.stale")}</span>}
      </p>
      {tried.why && (
        <p className={styles.why}>
          <bdi dir="auto">{withTimes(tried.why)}</bdi>
        </p>
      )}
      {tried.text !== null && (
        <Part label={t("editor.step_test.text")}>
          <p className={styles.bubble} dir="auto">
            {tried.text}
          </p>
        </Part>
      )}
      <Value label={t("editor.step_test.saw")} value={tried.saw} />
      <Value label={t("editor.step_test.in")} value={tried.input} />
      <Value label={t("editor.step_test.out")} value={tried.output} />
      <p className={styles.quiet}>{t("editor.step_test.simulated")}</p>
    </>
  );
}

function Part({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={styles.part}>
      <span className={styles.quiet}>{label}</span>
      {children}
    </div>
  );
}

function Value({ label, value }: { label: string; value: Json }) {
  if (value === null) return null;
  return (
    <Part label={label}>
      <JsonView label={label} value={value} />
    </Part>
  );
}

/** When the step last went well and when it failed, each a way to the run. */
function LastTimes({ lasts }: { lasts: Lasts }) {
  const t = useText();
  if (!lasts.done && !lasts.failed) return null;
  return (
    <ul className={styles.lasts}>
      {lasts.done && (
        <li>
          <CircleCheck size={14} aria-hidden className={styles.good} />
          <Link to="/runs/$id" params={{ id: lasts.done.run }}>
            {t("editor.step_test.last_ok")} <Time at={lasts.done.at} as="short" />
          </Link>
        </li>
      )}
      {lasts.failed && (
        <li>
          <CircleAlert size={14} aria-hidden className={styles.bad} />
          <span>
            <Link to="/runs/$id" params={{ id: lasts.failed.run }}>
              {t("editor.step_test.last_error")} <Time at={lasts.failed.at} as="short" />
            </Link>{" "}
            <span className={styles.quiet}>{lasts.failed.why && <TroubleText text={lasts.failed.why} />}</span>
          </span>
        </li>
      )}
    </ul>
  );
}
