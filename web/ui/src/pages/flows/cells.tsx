import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Folder, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { switchFlow } from "~/api/flows";
import { queries } from "~/api/queries";
import { reviewsQuery } from "~/api/reviews";
import { useCan } from "~/api/session";
import type { Flow } from "~/api/types";
import { useText } from "~/i18n";
import { number, percent } from "~/i18n/format";
import { Switch } from "~/ui/field";
import { By } from "~/ui/person";
import { ReviewBadge } from "~/ui/review";
import { Badge, Chip } from "~/ui/status";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import { TriggerName } from "~/ui/trigger";
import styles from "./flows.module.css";

/** Below this share of good runs a flow is not well. */
const WELL = 0.98;

interface Cell {
  flow: Flow;
}

export function Name({ flow }: Cell) {
  const t = useText();
  return (
    <span className={styles.name}>
      <Link to="/flows/$id" params={{ id: flow.id }}>
        <bdi>{flow.name ?? flow.id}</bdi>
      </Link>
      {flow.has_draft && flow.state !== "draft" && <Chip tone="accent">{t("flows.has_draft")}</Chip>}
      <ReviewMark flow={flow} />
      {flow.owner === "file" && <Chip>{t("flows.from_file")}</Chip>}
      {flow.folder && (
        <Link to="/flows" search={{ folder: flow.folder }} className={styles.place}>
          <Folder size={12} aria-hidden />
          <bdi>{flow.folder}</bdi>
        </Link>
      )}
      {flow.labels?.map((label) => (
        <Link key={label} to="/flows" search={{ label }} className={styles.place}>
          <Chip>
            <bdi>{label}</bdi>
          </Chip>
        </Link>
      ))}
    </span>
  );
}

/** How far the approval of its draft is, for those whom it concerns. */
function ReviewMark({ flow }: Cell) {
  const { data } = useQuery(reviewsQuery);
  const listed = data?.reviews.find(({ id }) => id === flow.id);
  if (!listed || listed.review.outdated) return null;
  return (
    <Link to="/flows/$id" params={{ id: flow.id }} search={{ review: "1" }} className={styles.place}>
      <ReviewBadge listed={listed} />
    </Link>
  );
}

/** On or off at once; the notice takes it back. */
export function OnOff({ flow }: Cell) {
  const t = useText();
  const can = useCan();
  const [busy, setBusy] = useState(false);
  const name = flow.name ?? flow.id;
  const turn = async (on: boolean, isUndo = false) => {
    setBusy(true);
    try {
      await switchFlow(flow.id, on);
      await queries.invalidateQueries({ queryKey: ["flows"] });
      if (!isUndo) toast(t(on ? "flows.is_on" : "flows.is_off", { name }), () => void turn(!on, true));
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  if (flow.state === "draft" || flow.state === "old") return null;
  return (
    <Switch
      aria-label={t("flows.switch", { name })}
      isSelected={flow.state === "live"}
      isDisabled={busy || !can("flows.publish")}
      onChange={(on) => void turn(on)}
    />
  );
}

export function Starts({ flow }: Cell) {
  const [first, ...others] = flow.on ?? [];
  if (!first) return null;
  return (
    <span className={styles.starts}>
      <TriggerName kind={first} />
      {others.length > 0 && ` +${number(others.length)}`}
    </span>
  );
}

/** How many runs of a day, and how many of them went well; a click shows those that did not. */
export function Health({ flow }: Cell) {
  const t = useText();
  const { runs_24h: runs = 0, failed_24h: failed = 0, attention = 0 } = flow.figures ?? {};
  const good = runs === 0 ? 1 : 1 - failed / runs;
  return (
    <span className={styles.health}>
      {runs === 0 ? (
        <span className={styles.quiet}>{t("flows.no_runs")}</span>
      ) : (
        <span>
          <Link to="/runs" search={{ flow: flow.id }} className={styles.figure}>
            {t("flows.runs", { n: runs })}
          </Link>{" "}
          {failed > 0 && (
            <Link to="/runs" search={{ flow: flow.id, status: "failed" }} className={styles.figure}>
              <Badge tone={good < WELL ? "bad" : "idle"} {...(good < WELL && { icon: TriangleAlert })}>
                {t("flows.good", { share: percent(good) })}
              </Badge>
            </Link>
          )}
        </span>
      )}
      {attention > 0 && (
        <Link to="/attention" className={styles.figure}>
          <Badge tone="warn" icon={TriangleAlert}>
            {t("flows.attention", { n: attention })}
          </Badge>
        </Link>
      )}
    </span>
  );
}

export function Waiting({ flow }: Cell) {
  const waiting = flow.figures?.waiting ?? 0;
  if (waiting === 0) return <span className={styles.quiet}>–</span>;
  return (
    <Link to="/runs" search={{ flow: flow.id, status: "waiting" }}>
      {number(waiting)}
    </Link>
  );
}

export function LastChange({ flow }: Cell) {
  return (
    <span className={styles.quiet}>
      <Time at={flow.changed_at} />
      {flow.changed_by && (
        <>
          {" · "}
          <By who={flow.changed_by} />
        </>
      )}
    </span>
  );
}
