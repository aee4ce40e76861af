//! The lines between steps, and on each the place to add a step or to drop one.

import { ViewportPortal } from "@xyflow/react";
import { Plus } from "lucide-react";
import { type DragEvent, memo, useState } from "react";
import type { StepState } from "~/api/types";
import { useText } from "~/i18n";
import type { Gap, Line } from "../model/layout";
import styles from "./canvas.module.css";
import { useCanvas } from "./commands";
import { DRAGGED } from "./nodes";

const ROUND = 10;

/** A line with its corners rounded, as an SVG path. */
export function pathOf(points: readonly (readonly [number, number])[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let out = `M${first[0]} ${first[1]}`;
  rest.forEach(([x, y], at) => {
    const before = points[at] as readonly [number, number];
    const after = points[at + 2];
    const straight = !after || (after[0] === x && before[0] === x) || (after[1] === y && before[1] === y);
    if (straight) {
      out += `L${x} ${y}`;
      return;
    }
    const back = Math.min(ROUND, Math.hypot(x - before[0], y - before[1]) / 2);
    const on = Math.min(ROUND, Math.hypot(after[0] - x, after[1] - y) / 2);
    const from = [x + Math.sign(before[0] - x) * back, y + Math.sign(before[1] - y) * back];
    const to = [x + Math.sign(after[0] - x) * on, y + Math.sign(after[1] - y) * on];
    out += `L${from[0]} ${from[1]}Q${x} ${y} ${to[0]} ${to[1]}`;
  });
  return out;
}

const drawAll = (lines: readonly Line[]) => lines.map(({ points }) => pathOf(points)).join("");

/** Lines under the steps, drawn as one path per look. */
export const Connectors = memo(function Connectors({
  lines,
  states,
}: {
  lines: readonly Line[];
  states: Readonly<Record<string, StepState>> | null;
}) {
  const errors = lines.filter(({ error }) => error);
  const taken = states ? lines.filter(({ to }) => to !== null && states[to] && states[to] !== "skipped") : [];
  return (
    <ViewportPortal>
      <svg className={styles.lines} aria-hidden="true" width="1" height="1">
        <path d={drawAll(lines.filter(({ error }) => !error))} className={styles.line} />
        {errors.length > 0 && <path d={drawAll(errors)} className={styles.error_line} />}
        {taken.length > 0 && <path d={drawAll(taken)} className={styles.taken_line} />}
      </svg>
    </ViewportPortal>
  );
});

/** The places to add a step. */
export const Gaps = memo(function Gaps({ gaps }: { gaps: readonly Gap[] }) {
  const { commands } = useCanvas();
  if (!commands) return null;
  return (
    <ViewportPortal>
      {gaps.map((gap) => (
        <AddHere key={`${gap.list} ${gap.index}`} gap={gap} />
      ))}
    </ViewportPortal>
  );
});

const AddHere = memo(function AddHere({ gap }: { gap: Gap }) {
  const t = useText();
  const { commands } = useCanvas();
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    // The card that was dragged is drawn anew where it went: it never hears that the drag is over.
    delete document.body.dataset.dragging;
    const path = event.dataTransfer.getData(DRAGGED);
    if (path) commands?.moveTo(path, gap.list, gap.index);
  };
  return (
    <button
      type="button"
      tabIndex={-1}
      aria-label={t("editor.add_here")}
      title={t("editor.add_here")}
      className={`${styles.add} nopan ${over ? styles.over : ""}`}
      style={{ transform: `translate(${gap.x}px, ${gap.y}px) translate(-50%, -50%)` }}
      onClick={(event) => commands?.add({ list: gap.list, index: gap.index }, event.currentTarget)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <span className={styles.plus}>
        <Plus size={14} aria-hidden />
      </span>
    </button>
  );
});
