//! Where everything of a flow is drawn: from top to bottom, branches side by side, in one pass over the tree.
//!
//! Nothing of it is stored: the same flow always looks the same. `x` grows in the direction of reading; for languages that are
//! read from the right the picture is mirrored at the end.

import { goesOn, type Lane, type Picture, type Step } from "./model";

/** Sizes in pixels at 100 %. */
export interface Sizes {
  width: number;
  height: number;
  /** Between two steps, with the place to add one in its middle. */
  gap: number;
  /** Between two branches. */
  aside: number;
}

export const NORMAL: Sizes = { width: 300, height: 68, gap: 48, aside: 36 };
export const COMPACT: Sizes = { width: 220, height: 40, gap: 36, aside: 24 };

const LABEL = 26;
const EMPTY = 44;
const SPLIT = 20;
/** The way past a step whose only branch is its `on_error`. */
const PASS = 150;
const FRAME = 16;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Place extends Box {
  kind: "on" | "step" | "empty" | "end" | "section" | "frame" | "label";
  /** Unique; of a step its path. */
  key: string;
  step?: Step;
  lane?: Lane;
}

/** A place to add a step: before item `index` of `list`. */
export interface Gap {
  list: string;
  index: number;
  x: number;
  y: number;
}

export interface Line {
  key: string;
  points: [number, number][];
  /** The step it leads to, for the picture of a run. */
  to: string | null;
  error: boolean;
}

export interface Layout {
  places: Place[];
  gaps: Gap[];
  lines: Line[];
  width: number;
  height: number;
}

export interface Options {
  collapsed: ReadonlySet<string>;
  sizes: Sizes;
  rtl: boolean;
}

interface Measure {
  width: number;
  height: number;
}

/** Lays a picture out. */
export function layout(picture: Picture, options: Options): Layout {
  const plan = new Plan(options);
  plan.draw(picture);
  return options.rtl ? mirrored(plan.done) : plan.done;
}

class Plan {
  readonly done: Layout = { places: [], gaps: [], lines: [], width: 0, height: 0 };
  private readonly measures = new Map<Step | Lane, Measure>();

  constructor(private readonly options: Options) {}

  draw(picture: Picture): void {
    const { sizes } = this.options;
    const height = Math.max(sizes.height, startHeight(picture));
    this.place("on", "on", { x: -sizes.width / 2, y: 0, width: sizes.width, height });
    let bottom = height;
    picture.sections.forEach((section, index) => {
      let top = bottom;
      if (index > 0) {
        this.place(
          "section",
          section.path,
          { x: -sizes.width / 2, y: bottom + 40, width: sizes.width, height: 32 },
          { lane: section },
        );
        top = bottom + 72;
      }
      const end = this.list(section, 0, top, null);
      const reached = goesOn(section);
      if (reached) this.place("end", `${section.path}/end`, { x: -36, y: end, width: 72, height: 24 });
      bottom = end + (reached ? 24 : 0);
    });
    const widths = picture.sections.map((section) => this.measure(section).width);
    this.done.width = Math.max(sizes.width, ...widths);
    this.done.height = bottom;
  }

  /** Draws the steps of a list downwards from `top`, with a gap before the first and behind each; gives where it ends. */
  private list(lane: Lane, center: number, top: number, error: Lane | null): number {
    const { gap, height } = this.options.sizes;
    let y = top;
    if (lane.steps.length === 0) {
      const box = {
        x: center - this.options.sizes.width / 2,
        y: y + gap / 2,
        width: this.options.sizes.width,
        height: EMPTY,
      };
      this.line(
        [
          [center, y],
          [center, box.y],
        ],
        null,
        error,
      );
      this.place("empty", `${lane.path}/+`, box, { lane });
      this.line(
        [
          [center, box.y + EMPTY],
          [center, box.y + EMPTY + gap / 2],
        ],
        null,
        error,
      );
      return box.y + EMPTY + gap / 2;
    }
    for (const step of lane.steps) {
      this.line(
        [
          [center, y],
          [center, y + gap],
        ],
        step.path,
        error,
      );
      this.done.gaps.push({ list: lane.path, index: step.index, x: center, y: y + gap / 2 });
      y += gap;
      const box = { x: center - this.options.sizes.width / 2, y, width: this.options.sizes.width, height };
      this.place("step", step.path, box, { step });
      y = this.branches(step, center, y + height);
    }
    const last = lane.steps.at(-1);
    if (last?.goesOn) {
      this.line(
        [
          [center, y],
          [center, y + gap],
        ],
        null,
        error,
      );
      this.done.gaps.push({ list: lane.path, index: lane.steps.length, x: center, y: y + gap / 2 });
      y += gap;
    }
    return y;
  }

  /** Draws the branches below a step, side by side; gives where they are joined. */
  private branches(step: Step, center: number, top: number): number {
    const lanes = this.shown(step);
    if (lanes.length === 0) return top;
    const loop = step.verb === "for_each" || step.verb === "repeat";
    const total = this.measure(step);
    const split = top + SPLIT;
    const bottom = top + total.height - this.options.sizes.height - SPLIT;
    let left = center - this.span(step) / 2;
    this.line(
      [
        [center, top],
        [center, split],
      ],
      null,
      null,
    );
    for (const lane of lanes) {
      const width = lane ? this.measure(lane).width : PASS;
      const middle = left + width / 2;
      const error = lane?.kind === "on_error" ? lane : null;
      this.line(
        [
          [center, split],
          [middle, split],
          [middle, split + 8],
        ],
        null,
        error,
      );
      let end = split + 8;
      let on = true;
      if (lane) {
        this.place(
          "label",
          `${lane.path}/label`,
          { x: middle - this.options.sizes.width / 2, y: split + 8, width: this.options.sizes.width, height: LABEL },
          { lane, step },
        );
        if (loop && !error) this.frame(lane, left, split + 8, width, bottom);
        end = this.list(lane, middle, split + 8 + LABEL, error);
        on = goesOn(lane);
      }
      if (on)
        this.line(
          [
            [middle, end],
            [middle, bottom],
            [center, bottom],
          ],
          null,
          error,
        );
      left += width + this.options.sizes.aside;
    }
    if (step.goesOn)
      this.line(
        [
          [center, bottom],
          [center, bottom + SPLIT],
        ],
        null,
        null,
      );
    return bottom + SPLIT;
  }

  private frame(lane: Lane, left: number, top: number, width: number, bottom: number): void {
    const box = { x: left - FRAME, y: top + LABEL / 2, width: width + 2 * FRAME, height: bottom - top - LABEL / 2 - 6 };
    this.place("frame", `${lane.path}/frame`, box, { lane });
  }

  /** The lanes of a step that are drawn; `null` is the way straight on, beside an `on_error`. */
  private shown(step: Step): (Lane | null)[] {
    if (step.lanes.length === 0 || this.options.collapsed.has(step.path)) return [];
    return step.lanes.every(({ kind }) => kind === "on_error") ? [null, ...step.lanes] : step.lanes;
  }

  private span(step: Step): number {
    const widths = this.shown(step).map((lane) => (lane ? this.measure(lane).width : PASS));
    return widths.reduce((sum, width) => sum + width, this.options.sizes.aside * (widths.length - 1));
  }

  private measure(part: Step | Lane): Measure {
    const known = this.measures.get(part);
    if (known) return known;
    const fresh = "steps" in part ? this.measureLane(part) : this.measureStep(part);
    this.measures.set(part, fresh);
    return fresh;
  }

  private measureLane(lane: Lane): Measure {
    const { width, gap } = this.options.sizes;
    if (lane.steps.length === 0) return { width, height: EMPTY + gap };
    const all = lane.steps.map((step) => this.measure(step));
    const height = all.reduce((sum, step) => sum + step.height + gap, lane.steps.at(-1)?.goesOn ? gap : 0);
    const loop = 0;
    return { width: Math.max(width, ...all.map((step) => step.width)) + loop, height };
  }

  private measureStep(step: Step): Measure {
    const { width, height } = this.options.sizes;
    const lanes = this.shown(step);
    if (lanes.length === 0) return { width, height };
    const inner = lanes.map((lane) => (lane ? this.measure(lane).height + LABEL : 0));
    const frame = step.verb === "for_each" || step.verb === "repeat" ? 2 * FRAME : 0;
    return {
      width: Math.max(width, this.span(step) + frame),
      height: height + SPLIT + 8 + Math.max(...inner) + 2 * SPLIT,
    };
  }

  private place(kind: Place["kind"], key: string, box: Box, more: Pick<Place, "step" | "lane"> = {}): void {
    this.done.places.push({ kind, key, ...box, ...more });
  }

  private line(points: [number, number][], to: string | null, error: Lane | null): void {
    this.done.lines.push({ key: String(this.done.lines.length), points, to, error: error !== null });
  }
}

/** The card of what starts the flow has a line or two for each trigger. */
function startHeight(picture: Picture): number {
  const lines = picture.triggers.map(({ params, when }) => (Object.keys(params).length > 0 || when ? 38 : 20));
  return lines.reduce((sum, line) => sum + line, 36 + (picture.when ? 18 : 0));
}

function mirrored(plan: Layout): Layout {
  return {
    ...plan,
    places: plan.places.map((place) => ({ ...place, x: -place.x - place.width })),
    gaps: plan.gaps.map((gap) => ({ ...gap, x: -gap.x })),
    lines: plan.lines.map((line) => ({ ...line, points: line.points.map(([x, y]): [number, number] => [-x, y]) })),
  };
}
