//! The picture of a flow: React Flow draws it, everything else (places, keys, what a click does) is ours.

import "@xyflow/react/dist/base.css";
import {
  MiniMap,
  ReactFlow,
  ReactFlowProvider,
  useStore as useFlowStore,
  useReactFlow,
  type Viewport,
} from "@xyflow/react";
import { Maximize, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, useCallback, useEffect, useMemo, useRef } from "react";
import type { StepState } from "~/api/types";
import { currentLocale, useText } from "~/i18n";
import { LOCALES } from "~/i18n/locales";
import { IconButton } from "~/ui/button";
import { type Box, COMPACT, type Gap, type Line, layout, NORMAL } from "../model/layout";
import type { Picture } from "../model/model";
import { ancestors, type Stop, stopKey } from "../model/walk";
import styles from "./canvas.module.css";
import { CanvasContext, type Commands } from "./commands";
import { Connectors, Gaps } from "./connectors";
import { type Keys, onKey, stopOf } from "./keys";
import { NODE_TYPES } from "./nodes";
import { type FlowNode, Parts } from "./parts";

export interface FlowCanvasProps {
  picture: Picture;
  /** What became of the steps in a run or a test, by their place; without it nothing is painted. */
  states?: Readonly<Record<string, StepState>> | null;
  /** How long steps took, by their place, as text. */
  took?: Readonly<Record<string, string>>;
  /** How many problems each step has. */
  problems?: ReadonlyMap<string, number>;
  stop: Stop | null;
  /** All steps that are selected, when it is not `stop` alone. */
  marked?: ReadonlySet<string>;
  /** `keep` leaves selected what is. */
  onStop: (stop: Stop, keep?: boolean) => void;
  collapsed: ReadonlySet<string>;
  onToggle: (path: string) => void;
  compact?: boolean;
  /** Without it the flow can only be looked at. */
  commands?: Commands | null;
  /** Counts up when the focus is to go to what is selected. */
  wanted?: number;
  /** Counts how often what is selected was opened: it comes into sight, and the focus goes to its settings. */
  opened?: number;
  /** Greyed: the picture is not that of the text at the moment. */
  dimmed?: boolean;
  onHelp?: () => void;
}

const NONE: Readonly<Record<string, string>> = {};
const NO_PROBLEMS: ReadonlyMap<string, number> = new Map();
/** From so many places on, only what is in sight is in the page. */
const CULLED = 200;
/** Below this zoom there is nothing to press. */
const NEAR = 0.6;
const FAR = 0.4;
/** How far what is selected stays from the edge, in pixels: above, aside, and below, where the buttons are. */
const MARGIN = 24;
const EDGE = 8;
const FOOT = 56;

export function FlowCanvas(props: FlowCanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  );
}

function Canvas({
  picture,
  states = null,
  took = NONE,
  problems = NO_PROBLEMS,
  stop,
  marked,
  onStop,
  collapsed,
  onToggle,
  compact = false,
  commands = null,
  wanted = 0,
  opened = 0,
  dimmed = false,
  onHelp,
}: FlowCanvasProps) {
  const t = useText();
  const rtl = LOCALES[currentLocale()].dir === "rtl";
  const frame = useRef<HTMLDivElement>(null);
  const parts = useRef(new Parts());
  const before = useRef<Plan | null>(null);
  const plan = useMemo(() => {
    const fresh = layout(picture, { collapsed, sizes: compact ? COMPACT : NORMAL, rtl });
    before.current = keeping(before.current, fresh);
    return before.current;
  }, [picture, collapsed, compact, rtl]);
  const nodes = useMemo<FlowNode[]>(
    () =>
      parts.current.nodes(
        picture,
        plan,
        { states, took, problems, stop, ...(marked ? { marked } : {}), collapsed, compact },
        t,
      ),
    [picture, plan, states, took, problems, stop, marked, collapsed, compact, t],
  );
  const onInit = useFirstView(frame, plan.width);
  const show = useSight(frame, plan);
  const [focus, heading] = useFocus(frame, show);
  const calls = useMemo(() => ({ commands, select: onStop, toggle: onToggle }), [commands, onStop, onToggle]);

  const go = useCallback(
    (next: Stop, keep = false) => {
      onStop(next, keep);
      focus(stopKey(next));
    },
    [onStop, focus],
  );
  const zoom = useZoom(frame, plan);
  useRoom(frame, stop ? stopKey(stop) : null, plan);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus moves when it is asked for, not when the selection changes.
  useEffect(() => {
    if (wanted > 0) focus(stop ? stopKey(stop) : "on");
  }, [wanted]);
  // At once: the settings that open beside the canvas take of its room while a slow one would be under way.
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => {
    if (opened > 0 && stop) show(stopKey(stop), 0);
  }, [opened]);
  // What is selected is never hidden in a folded branch.
  useEffect(() => {
    if (stop?.kind !== "step") return;
    for (const step of ancestors(picture, stop.path)) if (collapsed.has(step.path)) onToggle(step.path);
  }, [stop, picture, collapsed, onToggle]);

  const keyDown = (event: KeyboardEvent) => {
    const target = (event.target as Element).closest("[data-stop]");
    if (!target || (event.target as Element).closest("[role=menu], [role=dialog]")) return;
    const keys: Keys = {
      picture,
      collapsed,
      rtl,
      commands,
      go,
      toggle: onToggle,
      zoom,
      help: onHelp ?? (() => undefined),
    };
    // Keys may come faster than the picture follows.
    const at = heading.current ?? target.getAttribute("data-stop") ?? "";
    if (onKey(event.nativeEvent, stopOf(at), target, keys)) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  return (
    <CanvasContext.Provider value={calls}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the keys belong to the cards inside, caught in one place. */}
      <div ref={frame} className={`${styles.canvas} ${dimmed ? styles.dimmed : ""}`} onKeyDown={keyDown}>
        <p id="canvas-keys" hidden>
          {t("editor.keys_short")}
        </p>
        <ReactFlow<FlowNode>
          nodes={nodes}
          edges={[]}
          nodeTypes={NODE_TYPES}
          onInit={onInit}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          deleteKeyCode={null}
          selectionKeyCode={null}
          panOnScroll
          zoomOnDoubleClick={false}
          onlyRenderVisibleElements={plan.places.length > CULLED}
          attributionPosition={rtl ? "bottom-left" : "bottom-right"}
          minZoom={0.1}
          maxZoom={1.6}
          aria-label={t("editor.canvas")}
        >
          <Detail frame={frame} />
          <Connectors lines={plan.lines} states={states} />
          <Gaps gaps={plan.gaps} />
          {plan.places.length > 60 && <MiniMap pannable zoomable className={styles.map} ariaLabel={t("editor.map")} />}
        </ReactFlow>
        <div className={styles.zoom}>
          <IconButton
            size="s"
            label={t("editor.zoom_in")}
            icon={<Plus size={16} aria-hidden />}
            onPress={() => zoom("in")}
          />
          <IconButton
            size="s"
            label={t("editor.zoom_out")}
            icon={<Minus size={16} aria-hidden />}
            onPress={() => zoom("out")}
          />
          <IconButton
            size="s"
            label={t("editor.zoom_fit")}
            icon={<Maximize size={16} aria-hidden />}
            onPress={() => zoom("fit")}
          />
        </div>
      </div>
    </CanvasContext.Provider>
  );
}

type Frame = { current: HTMLDivElement | null };
type Plan = ReturnType<typeof layout>;

/** The new plan with the lines and gaps of the old one where they are the same, so that these are not drawn again. */
function keeping(old: Plan | null, fresh: Plan): Plan {
  if (!old) return fresh;
  const gap = (a: Gap, b: Gap) => a.x === b.x && a.y === b.y && a.index === b.index && a.list === b.list;
  const line = (a: Line, b: Line) => a.to === b.to && a.error === b.error && String(a.points) === String(b.points);
  return { ...fresh, gaps: kept(old.gaps, fresh.gaps, gap), lines: kept(old.lines, fresh.lines, line) };
}

function kept<T>(old: T[], fresh: T[], alike: (a: T, b: T) => boolean): T[] {
  return old.length === fresh.length && old.every((item, at) => alike(item, fresh[at] as T)) ? old : fresh;
}

function useZoom(frame: Frame, plan: Plan) {
  const flow = useReactFlow();
  return useCallback(
    (by: "in" | "out" | "whole" | "fit") => {
      if (by === "in") void flow.zoomIn();
      else if (by === "out") void flow.zoomOut();
      else if (by === "whole") void flow.zoomTo(1);
      else {
        const { clientWidth: width, clientHeight: height } = frame.current ?? { clientWidth: 800, clientHeight: 600 };
        const fitting = Math.min(1, width / (plan.width + 96), (height - 72) / plan.height);
        void flow.setViewport({ x: width / 2, y: 32, zoom: Math.max(0.1, fitting) });
      }
    },
    [flow, frame, plan],
  );
}

/** Marks how near one is, so that the style can leave out what is too small to read or to press. */
function Detail({ frame }: { frame: Frame }) {
  const near = useFlowStore((state) =>
    state.transform[2] < FAR ? "far" : state.transform[2] < NEAR ? "middle" : "near",
  );
  useEffect(() => {
    if (frame.current) frame.current.dataset.detail = near;
  }, [near, frame]);
  return null;
}

/** When the room changes (the settings open beside the canvas), the middle stays the middle and what is selected stays in sight. */
function useRoom(frame: Frame, selected: string | null, plan: Plan) {
  const flow = useReactFlow();
  const latest = useRef({ selected, plan });
  latest.current = { selected, plan };
  useEffect(() => {
    const box = frame.current;
    if (!box) return;
    let width = box.clientWidth;
    const observer = new ResizeObserver(() => {
      const by = (box.clientWidth - width) / 2;
      width = box.clientWidth;
      if (by === 0) return;
      const view = flow.getViewport();
      const place = latest.current.plan.places.find(({ key }) => key === latest.current.selected);
      let x = view.x + by;
      if (place) {
        const [left, right] = [place.x * view.zoom + x, (place.x + place.width) * view.zoom + x];
        x += Math.max(0, EDGE - left) - Math.max(0, right - (width - EDGE));
      }
      void flow.setViewport({ ...view, x });
    });
    observer.observe(box);
    return () => observer.disconnect();
  }, [frame, flow]);
}

/** The beginning of the flow in the middle, as large as its width allows. */
function useFirstView(frame: Frame, width: number) {
  const flow = useReactFlow();
  return useCallback(() => {
    // React Flow calls itself an application, which takes the reading keys away from those who do not see it.
    frame.current?.querySelector(".react-flow")?.setAttribute("role", "group");
    const space = frame.current?.clientWidth ?? 800;
    const zoom = Math.max(NEAR, Math.min(1, space / (width + 96)));
    void flow.setViewport({ x: space / 2, y: 32, zoom });
  }, [frame, flow, width]);
}

type Focusing = [focus: (key: string) => void, heading: { current: string | null }];

/** Brings a stop into sight, whole, within so many milliseconds. */
function useSight(frame: Frame, plan: Plan): (key: string, within: number) => void {
  const flow = useReactFlow();
  const current = useRef(plan);
  current.current = plan;
  return useCallback(
    (key, within) => {
      const box = frame.current;
      const place = current.current.places.find((own) => own.key === key);
      const after = box && place ? inSight(flow.getViewport(), place, box) : null;
      if (after) void flow.setViewport(after, { duration: within });
    },
    [flow, frame],
  );
}

/** Brings a stop into sight and gives it the focus; and which stop that is until it has it. */
function useFocus(frame: Frame, show: (key: string, within: number) => void): Focusing {
  const heading = useRef<string | null>(null);
  const focus = useCallback(
    (key: string) => {
      heading.current = key;
      const attempt = (left: number) => {
        // Another one was asked for meanwhile.
        if (heading.current !== key) return;
        show(key, still() ? 0 : 150);
        const element = frame.current?.querySelector<HTMLElement>(`[data-stop="${CSS.escape(key)}"]`);
        if (!element && left > 0) {
          requestAnimationFrame(() => attempt(left - 1));
          return;
        }
        heading.current = null;
        element?.focus({ preventScroll: true });
      };
      requestAnimationFrame(() => attempt(20));
    },
    [frame, show],
  );
  return [focus, heading];
}

/** Where the picture has to be for a place to be in sight; nothing when it is. Aside it goes no further than it must. */
function inSight(view: Viewport, place: Box, box: HTMLElement): Viewport | null {
  const zoom = Math.max(view.zoom, NEAR);
  const scale = zoom / view.zoom;
  const [width, height] = [box.clientWidth, box.clientHeight];
  // Nearer, around the middle.
  const at = { x: width / 2 - (width / 2 - view.x) * scale, y: height / 2 - (height / 2 - view.y) * scale };
  const [left, right] = [place.x * zoom + at.x, (place.x + place.width) * zoom + at.x];
  const [top, bottom] = [place.y * zoom + at.y, (place.y + place.height) * zoom + at.y];
  const x = at.x + Math.max(0, EDGE - left) - Math.max(0, right - (width - EDGE));
  const seen = top > MARGIN && bottom < height - FOOT;
  const y = seen ? at.y : height / 2 - (place.y + place.height / 2) * zoom;
  return x === view.x && y === view.y && zoom === view.zoom ? null : { x, y, zoom };
}

function still(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
