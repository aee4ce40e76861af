//! The flow as a list with levels: everything that can be done on the canvas can be done here.

import { ChevronRight, TriangleAlert } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useMemo, useRef } from "react";
import { Button, Collection, Tree, TreeItem, TreeItemContent } from "react-aria-components";
import { useText } from "~/i18n";
import type { Commands } from "../canvas/commands";
import { StepIcon, TriggerIcon } from "../canvas/icons";
import { onKey, stopOf } from "../canvas/keys";
import { problemsByStep } from "../canvas/parts";
import { cardOf, laneInWords, triggerInWords } from "../model/cards";
import type { Lane, Step } from "../model/model";
import { stopKey } from "../model/walk";
import { select, useEditor, useEditorStore } from "../state/editor";
import { useProblems } from "../state/problems";
import { outermost, selectAll } from "../state/selection";
import styles from "./outline.module.css";

/** A row: a step, a branch, an empty branch. */
interface Row {
  key: string;
  title: string;
  detail: string;
  icon: ReactNode;
  problems: number;
  rows: Row[];
}

export function Outline({ commands, onHelp }: { commands: Commands | null; onHelp: () => void }) {
  const t = useText();
  const store = useEditorStore();
  const picture = useEditor((state) => state.picture);
  const problems = useProblems();
  const stop = useEditor((state) => state.stop);
  const many = useEditor((state) => state.many);
  const wanted = useEditor((state) => (state.wanted.what === "stop" ? state.wanted.count : 0));
  const frame = useRef<HTMLDivElement>(null);
  const rows = useMemo(() => {
    const counts = problemsByStep(picture, problems);
    const ofStep = (step: Step): Row => {
      const card = cardOf(step, t);
      return {
        key: step.path,
        title: card.title,
        detail: card.detail,
        icon: <StepIcon icon={card.icon} size={16} />,
        problems: counts.get(step.path) ?? 0,
        rows: step.lanes.map(ofLane),
      };
    };
    const ofLane = (lane: Lane): Row => ({
      key: `lane ${lane.path}`,
      title: laneInWords(lane, t),
      detail: "",
      icon: null,
      problems: 0,
      rows: ofSteps(lane),
    });
    const ofSteps = (lane: Lane): Row[] => {
      const empty: Row = {
        key: `${lane.path}/+`,
        title: t(commands ? "editor.add_here" : "editor.nothing_here"),
        detail: "",
        icon: null,
        problems: 0,
        rows: [],
      };
      return lane.steps.length === 0 ? [empty] : lane.steps.map(ofStep);
    };
    const words = picture.triggers.map(({ type }) => triggerInWords(type, t)).join(", ");
    const on: Row = {
      key: "on",
      title: t("editor.starts"),
      detail: words,
      icon: <TriggerIcon size={16} aria-hidden />,
      problems: counts.get("on") ?? 0,
      rows: [],
    };
    const [first, ...others] = picture.sections;
    return [on, ...(first ? ofSteps(first) : []), ...others.map(ofLane)];
  }, [picture, problems, commands, t]);
  const open = useMemo(() => keysOf(rows), [rows]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus moves when it is asked for.
  useEffect(() => {
    if (wanted === 0 || !stop) return;
    requestAnimationFrame(() =>
      frame.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(stopKey(stop))}"]`)?.focus(),
    );
  }, [wanted]);
  const keyDown = (event: KeyboardEvent) => {
    if (!stop || event.key.startsWith("Arrow") !== event.altKey || ["Home", "End", "Enter", " "].includes(event.key))
      return;
    const nothing = () => undefined;
    const keys = {
      picture,
      collapsed: new Set<string>(),
      rtl: false,
      commands,
      go: nothing,
      toggle: nothing,
      zoom: nothing,
      help: onHelp,
    };
    if (onKey(event.nativeEvent, stop, event.target as Element, keys)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
  return (
    <div ref={frame} className={styles.outline} onKeyDownCapture={keyDown}>
      <Tree
        aria-label={t("editor.outline")}
        items={rows}
        selectionMode={commands ? "multiple" : "single"}
        selectionBehavior="replace"
        disallowEmptySelection={false}
        defaultExpandedKeys={open}
        key={open.length === 0 ? "empty" : "full"}
        selectedKeys={many.length > 0 ? many : stop ? [stopKey(stop)] : []}
        onSelectionChange={(keys) => {
          const all = keys === "all" ? [...picture.steps.keys()] : [...keys].map(String);
          const steps = outermost(picture, all);
          const [key = ""] = steps.length > 0 ? steps : all.filter((own) => !own.startsWith("lane "));
          if (steps.length > 1) selectAll(store, steps);
          else if (key !== "") select(store, stopOf(key));
        }}
        onAction={(key) => {
          const target = stopOf(String(key));
          const row = frame.current?.querySelector(`[data-key="${CSS.escape(String(key))}"]`);
          if (target.kind === "empty" && row) commands?.add({ list: target.list, index: 0 }, row);
          else if (!String(key).startsWith("lane ")) commands?.open(target);
        }}
        className={styles.tree}
      >
        {(row) => <OutlineRow row={row} />}
      </Tree>
    </div>
  );
}

function keysOf(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => (row.rows.length > 0 ? [row.key, ...keysOf(row.rows)] : []));
}

function OutlineRow({ row }: { row: Row }) {
  const t = useText();
  const lane = row.key.startsWith("lane ");
  return (
    <TreeItem id={row.key} textValue={`${row.title} ${row.detail}`} className={styles.row}>
      <TreeItemContent>
        {({ hasChildItems, isExpanded, level }) => (
          <span
            className={`${styles.content} ${lane ? styles.lane : ""}`}
            style={{ paddingInlineStart: `${(level - 1) * 20}px` }}
          >
            {hasChildItems ? (
              <Button slot="chevron" className={styles.chevron}>
                <ChevronRight size={14} aria-hidden className={isExpanded ? styles.open : "flip"} />
              </Button>
            ) : (
              <span className={styles.chevron} />
            )}
            {row.icon}
            <bdi className={styles.title} dir="auto">
              {row.title}
            </bdi>
            <bdi className={styles.detail} dir="auto">
              {row.detail}
            </bdi>
            {row.problems > 0 && (
              <span className={styles.problems}>
                <TriangleAlert size={13} aria-hidden />
                <span aria-hidden>{row.problems}</span>
                <span className="hidden">{t("editor.problems_here", { n: row.problems })}</span>
              </span>
            )}
          </span>
        )}
      </TreeItemContent>
      <Collection items={row.rows}>{(inner) => <OutlineRow row={inner} />}</Collection>
    </TreeItem>
  );
}
