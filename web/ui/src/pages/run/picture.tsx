import { Fragment } from "react";
import type { StepPicture } from "~/api/types";
import { useText } from "~/i18n";
import { duration } from "~/i18n/format";
import { StepStateBadge } from "~/ui/status";
import styles from "./run.module.css";
import type { Titles } from "./use-titles";

/** Branches that the app has a word for; others are shown by their own name. */
const BRANCHES = new Set(["then", "else", "do", "default", "on_error", "on_timeout", "finally", "each", "parallel"]);

interface Props {
  steps: StepPicture[];
  titles: Titles;
  chosen: string | null;
  onChoose: (path: string) => void;
}

/** The steps of the version that ran, with the way the run took. */
export function Picture({ steps, titles, chosen, onChoose }: Props) {
  const t = useText();
  if (steps.length === 0) return <p className={styles.none}>{t("run.no_steps")}</p>;
  return (
    <ol className={styles.steps}>
      {steps.map((step, at) => {
        const { depth, branch } = place(step.path);
        const begins = branch !== null && place(steps[at - 1]?.path ?? "").parent !== place(step.path).parent;
        return (
          <Fragment key={step.path}>
            {begins && (
              <li className={styles.branch} style={{ "--depth": depth - 1 } as React.CSSProperties}>
                {BRANCHES.has(branch) ? t(`branch.${branch}`) : <bdi>{branch}</bdi>}
              </li>
            )}
            <li style={{ "--depth": depth } as React.CSSProperties}>
              <button
                type="button"
                className={`${styles.step} ${step.state === "skipped" ? styles.skipped : ""}`}
                aria-current={step.path === chosen ? "step" : undefined}
                onClick={() => onChoose(step.path)}
              >
                <span className={styles.verb}>
                  <bdi className={styles.stepId}>{titles.get(step.path)?.title ?? step.verb}</bdi>
                  {step.id && <code dir="ltr">{step.id}</code>}
                  {step.times > 1 && <span>×{step.times}</span>}
                </span>
                <span className={styles.figures}>{step.ms !== null && duration(step.ms)}</span>
                <StepStateBadge state={step.state} bare />
              </button>
            </li>
          </Fragment>
        );
      })}
    </ol>
  );
}

/** How deep a step stands, in which branch, and the address of that branch: `steps/2/then/0` is 1, `then`, `steps/2/then`. */
export function place(path: string): { depth: number; branch: string | null; parent: string } {
  const parts = path.split("/");
  const depth = Math.max(0, parts.filter((part) => /^\d+$/.test(part)).length - 1);
  const names = parts.filter((part) => !/^\d+$/.test(part));
  const last = names.at(-1) ?? "";
  return { depth, branch: names.length > 1 ? last : null, parent: parts.slice(0, -1).join("/") };
}
