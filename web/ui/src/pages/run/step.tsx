import type { StepPicture } from "~/api/types";
import { useText } from "~/i18n";
import { duration } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { JsonView } from "~/ui/json";
import { Facts } from "~/ui/page";
import { Id } from "~/ui/person";
import { StepStateBadge } from "~/ui/status";
import { Tabs } from "~/ui/tabs";
import { Time } from "~/ui/time";
import { TroubleText } from "~/ui/trouble";
import styles from "./run.module.css";

/** One step: what it was given, what it gave, what its condition saw, and each attempt. */
export function StepPanel({ step, title }: { step: StepPicture; title: string }) {
  const t = useText();
  const tabs = [
    { id: "input", label: t("step.input"), content: <JsonView value={step.input} label={t("step.input")} /> },
    { id: "output", label: t("step.output"), content: <JsonView value={step.output} label={t("step.output")} /> },
    { id: "saw", label: t("step.saw"), content: <JsonView value={step.saw} label={t("step.saw")} /> },
    {
      id: "attempts",
      label: `${t("step.attempts")} (${step.attempts.length})`,
      content: <JsonView value={step.attempts.length > 0 ? step.attempts : null} label={t("step.attempts")} />,
    },
  ];
  const first =
    step.saw !== null && step.input === null
      ? "saw"
      : step.state === "done" && step.output !== null
        ? "output"
        : "input";
  return (
    <div className={styles.column}>
      <h2 className={styles.title}>
        <bdi>{title}</bdi>
        {step.id && <Id id={step.id} />}
        <StepStateBadge state={step.state} />
      </h2>
      <Facts
        rows={[
          [t("step.entered"), step.entered_at && <Time key="at" at={step.entered_at} as="full" />],
          [t("runs.took"), step.ms !== null && duration(step.ms)],
        ]}
      />
      {step.error && (
        <Banner tone="bad">
          <TroubleText text={step.error} />
        </Banner>
      )}
      <ChooseTabs key={step.path} first={first} tabs={tabs} />
    </div>
  );
}

function ChooseTabs({ first, tabs }: { first: string; tabs: Parameters<typeof Tabs>[0]["tabs"] }) {
  const t = useText();
  const ordered = [...tabs].sort((one, two) => Number(two.id === first) - Number(one.id === first));
  return <Tabs label={t("step.data")} tabs={ordered} />;
}
