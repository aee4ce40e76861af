import { Link } from "@tanstack/react-router";
import type { Flow, Run, RunWait } from "~/api/types";
import { type Translate, useText } from "~/i18n";
import { Id, PersonName } from "~/ui/person";
import { RunStatusBadge } from "~/ui/status";
import type { Column } from "~/ui/table";
import { Duration, Time } from "~/ui/time";
import { TriggerName } from "~/ui/trigger";
import { HeldText, TroubleLine } from "~/ui/trouble";
import styles from "./runs.module.css";

/** What a list shows of a run; lists of one flow or one contact leave columns out. */
export function columns(t: Translate, flows: Flow[], without: string[] = []): Column<Run>[] {
  const names = new Map(flows.map((flow) => [flow.id, flow.name ?? flow.id]));
  const all: Column<Run>[] = [
    {
      id: "status",
      name: t("flows.state"),
      width: "minmax(148px, 1.4fr)",
      cell: (run) => (
        <Link to="/runs/$id" params={{ id: run.id }} className={styles.status}>
          <RunStatusBadge status={run.status} bare />
        </Link>
      ),
    },
    {
      id: "flow",
      name: t("runs.flow"),
      width: "minmax(120px, 2fr)",
      cell: (run) => (
        <span className={styles.line} dir="auto">
          <bdi>{names.get(run.flow) ?? run.flow}</bdi>
        </span>
      ),
    },
    {
      id: "contact",
      name: t("runs.contact"),
      width: "minmax(120px, 1.4fr)",
      wide: true,
      cell: (run) => (
        <span className={styles.line} dir="auto">
          {run.contact ? (
            run.contact_name === undefined ? (
              <Id id={run.contact} short />
            ) : (
              <PersonName name={run.contact_name} />
            )
          ) : null}
        </span>
      ),
    },
    {
      id: "where",
      name: t("runs.where"),
      width: "minmax(140px, 3fr)",
      wide: true,
      cell: (run) => <Where run={run} />,
    },
    {
      id: "started",
      name: t("runs.started"),
      width: "minmax(84px, 1.2fr)",
      cell: (run) => <Time at={run.started_at} as="short" />,
    },
    {
      id: "took",
      name: t("runs.took"),
      width: "minmax(92px, 0.8fr)",
      align: "end",
      wide: true,
      cell: (run) => <Duration from={run.started_at} to={run.ended_at} />,
    },
  ];
  return all.filter((column) => !without.includes(column.id));
}

/** Until when a run waits, and for what; the state beside says that it does. */
function Waits({ wait }: { wait: RunWait }) {
  const t = useText();
  return (
    <span className={styles.line}>
      {wait.until && (
        <>
          {t("run.waits_until")} <Time at={wait.until} as="short" />
        </>
      )}
      {wait.until && wait.event && " · "}
      {wait.event && <TriggerName kind={wait.event} />}
    </span>
  );
}

function Where({ run }: { run: Run }) {
  if (run.waiting_for)
    return (
      <span className={styles.line}>
        <HeldText {...run.waiting_for} />
      </span>
    );
  if (run.wait) return <Waits wait={run.wait} />;
  return (
    <span className={`${styles.line} ${styles.error}`} dir="auto">
      {run.error && <TroubleLine text={run.error} />}
    </span>
  );
}
