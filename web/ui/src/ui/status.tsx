import {
  Ban,
  CircleAlert,
  CircleCheck,
  CircleDashed,
  CircleDot,
  CirclePause,
  Clock,
  type LucideIcon,
  SkipForward,
  TriangleAlert,
} from "lucide-react";
import type { ReactNode } from "react";
import type { FlowState, RunStatus, StepState } from "~/api/types";
import { useText } from "~/i18n";
import styles from "./status.module.css";

export type Tone = "good" | "warn" | "bad" | "busy" | "idle";

interface BadgeProps {
  tone: Tone;
  icon?: LucideIcon;
  children: ReactNode;
  /** Without a ground, for rows of a table. */
  bare?: boolean;
}

/** A state in icon, text and colour; never in colour alone. */
export function Badge({ tone, icon: Icon, children, bare }: BadgeProps) {
  return (
    <span className={`${styles.badge} ${styles[tone]} ${bare ? styles.bare : ""}`}>
      {Icon && <Icon size={14} aria-hidden />}
      <span>{children}</span>
    </span>
  );
}

interface Look {
  tone: Tone;
  icon: LucideIcon;
  text: string;
}

const RUN: Record<RunStatus, Look> = {
  working: { tone: "busy", icon: CircleDot, text: "run.working" },
  waiting: { tone: "warn", icon: Clock, text: "run.waiting" },
  needs_attention: { tone: "bad", icon: TriangleAlert, text: "run.needs_attention" },
  done: { tone: "good", icon: CircleCheck, text: "run.done" },
  failed: { tone: "bad", icon: CircleAlert, text: "run.failed" },
  cancelled: { tone: "idle", icon: Ban, text: "run.cancelled" },
};

const FLOW: Record<FlowState, Look> = {
  live: { tone: "good", icon: CircleDot, text: "flow.live" },
  off: { tone: "idle", icon: CirclePause, text: "flow.off" },
  draft: { tone: "idle", icon: CircleDashed, text: "flow.draft" },
  old: { tone: "idle", icon: Ban, text: "flow.old" },
};

const STEP: Record<StepState, Look> = {
  done: { tone: "good", icon: CircleCheck, text: "step.done" },
  failed: { tone: "bad", icon: CircleAlert, text: "step.failed" },
  waiting: { tone: "warn", icon: Clock, text: "step.waiting" },
  running: { tone: "busy", icon: CircleDot, text: "step.running" },
  skipped: { tone: "idle", icon: SkipForward, text: "step.skipped" },
};

export function RunStatusBadge({ status, bare }: { status: RunStatus; bare?: boolean }) {
  return <Looks look={RUN[status]} bare={bare} />;
}

export function FlowStateBadge({ state, bare }: { state: FlowState; bare?: boolean }) {
  return <Looks look={FLOW[state]} bare={bare} />;
}

export function StepStateBadge({ state, bare }: { state: StepState; bare?: boolean }) {
  return <Looks look={STEP[state]} bare={bare} />;
}

function Looks({ look, bare }: { look: Look | undefined; bare?: boolean | undefined }) {
  const t = useText();
  if (!look) return null;
  return (
    <Badge tone={look.tone} icon={look.icon} bare={bare ?? false}>
      {t(look.text)}
    </Badge>
  );
}

/** The name of a status in a list of choices. */
export const RUN_STATUS_TEXT = Object.fromEntries(
  Object.entries(RUN).map(([status, look]) => [status, look.text]),
) as Record<RunStatus, string>;

/** A small word such as a tag or a kind of trigger. */
export function Chip({ children, tone = "plain" }: { children: ReactNode; tone?: "plain" | "accent" }) {
  // Mostly what people wrote: tags, labels.
  return <bdi className={`${styles.chip} ${tone === "accent" ? styles.accent : ""}`}>{children}</bdi>;
}
