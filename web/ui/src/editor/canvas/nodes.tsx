//! The cards: what starts the flow, steps, empty branches, the names of branches.

import type { NodeProps } from "@xyflow/react";
import {
  ChevronUp,
  CircleAlert,
  CircleCheck,
  CircleDot,
  Clock,
  GripVertical,
  MoreHorizontal,
  Plus,
  SkipForward,
  StickyNote,
  TriangleAlert,
} from "lucide-react";
import { type DragEvent, memo } from "react";
import type { StepState } from "~/api/types";
import { useText } from "~/i18n";
import { conditionInWords } from "../expression/words";
import { triggerDetail, triggerInWords } from "../model/cards";
import styles from "./card.module.css";
import { useCanvas } from "./commands";
import { StepIcon, TriggerIcon } from "./icons";
import type { CardData, OnData, PlainData } from "./parts";

/** How often cards were drawn, for the test that editing one step draws one card. */
export const drawn = { count: 0 };

/** What a dragged step is known by. */
export const DRAGGED = "application/x-switchboard-step";

const STATES: Record<StepState, typeof Clock> = {
  done: CircleCheck,
  failed: CircleAlert,
  waiting: Clock,
  running: CircleDot,
  skipped: SkipForward,
};

function StateMark({ state, took }: { state: StepState; took: string }) {
  const t = useText();
  const Icon = STATES[state];
  return (
    <span className={`${styles.state} ${styles[state]}`}>
      <Icon size={14} aria-hidden />
      {/* Most steps of a run are done: the sign alone leaves room for what the step is. */}
      {(took || state !== "done") && <span>{took || t(`step.${state}`)}</span>}
    </span>
  );
}

function Problems({ count }: { count: number }) {
  const t = useText();
  if (count === 0) return null;
  return (
    <span className={styles.problems} title={t("editor.problems_here", { n: count })}>
      <TriangleAlert size={13} aria-hidden />
      {count}
    </span>
  );
}

export const StepNode = memo(function StepNode({ data }: NodeProps & { data: CardData }) {
  const t = useText();
  const { commands, select, toggle } = useCanvas();
  drawn.count += 1;
  const drag = (event: DragEvent) => {
    event.dataTransfer.setData(DRAGGED, data.path);
    event.dataTransfer.effectAllowed = "move";
    document.body.dataset.dragging = "step";
  };
  const label = [
    data.title,
    data.detail,
    data.branches > 0 ? t("editor.branches", { n: data.branches }) : "",
    data.problems > 0 ? t("editor.problems_here", { n: data.problems }) : "",
    data.state ? t(`step.${data.state}`) : "",
  ]
    .filter(Boolean)
    .join(", ");
  const look = [
    styles.card,
    "nopan",
    styles[data.family],
    data.selected && styles.selected,
    data.compact && styles.compact,
    data.state && styles[`is_${data.state}`],
  ];
  return (
    // biome-ignore lint/a11y/useSemanticElements: a card holds controls of its own, which a button may not.
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are caught by the canvas.
    <div
      role="group"
      aria-roledescription={t("editor.step")}
      aria-label={label}
      aria-describedby="canvas-keys"
      aria-current={data.selected || undefined}
      tabIndex={data.tab ? 0 : -1}
      data-stop={data.path}
      className={look.filter(Boolean).join(" ")}
      style={{ inlineSize: data.width, blockSize: data.height }}
      draggable={commands !== null}
      onDragStart={drag}
      onDragEnd={() => delete document.body.dataset.dragging}
      onClick={(event) => {
        if (event.shiftKey && commands) commands.selectTo(data.path);
        else if ((event.ctrlKey || event.metaKey) && commands) commands.selectAlso(data.path, true);
        else select({ kind: "step", path: data.path });
      }}
      onDoubleClick={() => commands?.open({ kind: "step", path: data.path })}
      onContextMenu={(event) => {
        if (!commands) return;
        event.preventDefault();
        if (!data.selected) select({ kind: "step", path: data.path });
        commands.menu(data.path, event.currentTarget);
      }}
    >
      {commands && <GripVertical size={14} className={styles.grip} aria-hidden />}
      <span className={styles.icon}>
        <StepIcon icon={data.icon} />
      </span>
      <span className={styles.words}>
        <span className={styles.title}>
          <bdi dir="auto">{data.title}</bdi>
        </span>
        {!data.compact && data.detail && (
          <span className={styles.detail}>
            <bdi dir="auto">{data.detail}</bdi>
          </span>
        )}
      </span>
      <span className={styles.marks}>
        {data.note && <StickyNote size={13} aria-label={data.note} className={styles.note} />}
        <Problems count={data.problems} />
        {data.state && <StateMark state={data.state} took={data.took} />}
      </span>
      {commands && (
        <button
          type="button"
          tabIndex={-1}
          className={styles.more}
          aria-label={t("editor.more", { step: data.title })}
          onClick={(event) => {
            event.stopPropagation();
            if (!data.selected) select({ kind: "step", path: data.path });
            commands.menu(data.path, event.currentTarget);
          }}
        >
          <MoreHorizontal size={16} aria-hidden />
        </button>
      )}
      {data.branches > 0 && !data.collapsed && (
        <button
          type="button"
          tabIndex={-1}
          className={styles.fold}
          aria-label={t("editor.menu.fold")}
          title={t("editor.menu.fold")}
          onClick={(event) => {
            event.stopPropagation();
            toggle(data.path);
          }}
        >
          <ChevronUp size={14} aria-hidden />
        </button>
      )}
      {data.collapsed && (
        <button type="button" tabIndex={-1} className={styles.folded} onClick={() => toggle(data.path)}>
          {t("editor.steps_inside", { n: data.inside })}
        </button>
      )}
    </div>
  );
});

export const OnNode = memo(function OnNode({ data }: NodeProps & { data: OnData }) {
  const t = useText();
  const { select } = useCanvas();
  const words = data.triggers.map((trigger) => triggerInWords(trigger.type, t));
  return (
    // biome-ignore lint/a11y/useSemanticElements: a card, as the steps are.
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are caught by the canvas.
    <div
      role="group"
      aria-label={`${t("editor.starts")}: ${words.join(", ")}`}
      aria-describedby="canvas-keys"
      aria-current={data.selected || undefined}
      tabIndex={data.tab ? 0 : -1}
      data-stop="on"
      className={`${styles.card} ${styles.on} nopan ${data.selected ? styles.selected : ""}`}
      style={{ inlineSize: data.width, minBlockSize: data.height }}
      onClick={() => select({ kind: "on" })}
    >
      <span className={styles.icon}>
        <TriggerIcon size={18} aria-hidden />
      </span>
      <span className={styles.words}>
        <span className={styles.starts}>{t("editor.starts")}</span>
        {data.triggers.length === 0 && <span className={styles.title}>{t("editor.no_trigger")}</span>}
        {data.triggers.map((trigger) => {
          const detail = triggerDetail(trigger, t);
          return (
            <span key={trigger.path} className={styles.trigger}>
              <span className={styles.title}>{triggerInWords(trigger.type, t)}</span>
              {detail && (
                <span className={styles.detail}>
                  <bdi dir="auto">{detail}</bdi>
                </span>
              )}
            </span>
          );
        })}
        {data.when && (
          <span className={styles.detail}>
            <bdi dir="auto">{t("editor.only_when", { when: conditionInWords(data.when, t) })}</bdi>
          </span>
        )}
      </span>
      <span className={styles.marks}>
        <Problems count={data.problems} />
        {data.state && <StateMark state={data.state} took="" />}
      </span>
    </div>
  );
});

export const EmptyNode = memo(function EmptyNode({ data }: NodeProps & { data: PlainData }) {
  const t = useText();
  const { commands, select } = useCanvas();
  const drop = (event: DragEvent) => {
    const path = event.dataTransfer.getData(DRAGGED);
    event.preventDefault();
    delete document.body.dataset.dragging;
    if (path) commands?.moveTo(path, data.path, 0);
  };
  if (!commands) return <div className={`${styles.empty} ${styles.still}`}>{t("editor.nothing_here")}</div>;
  return (
    <button
      type="button"
      tabIndex={data.tab ? 0 : -1}
      data-stop={`${data.path}/+`}
      aria-label={`${t("editor.add_here")}: ${data.text}`}
      className={`${styles.empty} nopan ${data.selected ? styles.selected : ""}`}
      onFocus={(event) => event.currentTarget.matches(":focus-visible") && select({ kind: "empty", list: data.path })}
      onClick={(event) => commands.add({ list: data.path, index: 0 }, event.currentTarget)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={drop}
    >
      <Plus size={16} aria-hidden />
      {t("editor.add_here")}
    </button>
  );
});

/** The name of a branch, at its beginning. */
export const LabelNode = memo(function LabelNode({ data }: NodeProps & { data: PlainData }) {
  return (
    <div className={styles.label_row}>
      <bdi className={`${styles.label} ${data.kind === "on_error" ? styles.error : ""}`} dir="auto">
        {data.text}
      </bdi>
    </div>
  );
});

export const SectionNode = memo(function SectionNode({ data }: NodeProps & { data: PlainData }) {
  return <div className={styles.section}>{data.text}</div>;
});

export const EndNode = memo(function EndNode() {
  const t = useText();
  return <div className={styles.finish}>{t("editor.end")}</div>;
});

/** Around the steps that are repeated. */
export const FrameNode = memo(function FrameNode({ data }: NodeProps & { data: PlainData }) {
  return <div className={styles.frame} style={{ inlineSize: data.width, blockSize: data.height }} />;
});

export const NODE_TYPES = {
  step: StepNode,
  on: OnNode,
  empty: EmptyNode,
  label: LabelNode,
  section: SectionNode,
  end: EndNode,
  frame: FrameNode,
};
