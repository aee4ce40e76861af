//! Editing one step draws one card.

import { I18nProvider } from "@lingui/react";
import { cleanup, render } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { i18n, translate } from "~/i18n";
import { read } from "~/yaml";
import { layout, NORMAL } from "../model/layout";
import { picture } from "../model/model";
import { setAt } from "../state/commands";
import { createEditor, type EditorStore } from "../state/editor";
import { drawn, StepNode } from "./nodes";
import { type About, type CardData, type FlowNode, Parts, problemsByStep, stepOf } from "./parts";

i18n.load("en", {});
i18n.activate("en");
afterEach(cleanup);

const lines = ["format: 1", "flow: big", "on: manual", "steps:"];
for (let at = 0; at < 60; at += 1) {
  lines.push(
    `  - id: a${at}`,
    "    if: vars.x > 1",
    "    then:",
    "      - wait: 1h",
    "    else:",
    "      - stop: enough",
  );
}
const ABOUT: About = { states: null, took: {}, problems: new Map(), stop: null, collapsed: new Set(), compact: false };

function cards(parts: Parts, store: EditorStore, about: About = ABOUT): FlowNode[] {
  const flow = store.getState().picture;
  return parts.nodes(flow, layout(flow, { collapsed: about.collapsed, sizes: NORMAL, rtl: false }), about, translate);
}

/** As React Flow does it: a node is drawn with its data, again only when that is another object. */
function Drawn({ nodes }: { nodes: readonly FlowNode[] }) {
  const steps = nodes.filter((node) => node.type === "step");
  return (
    <I18nProvider i18n={i18n}>
      {steps.map((node) => {
        const props = { data: node.data as CardData } as Parameters<typeof StepNode>[0];
        return <StepNode key={node.id} {...props} />;
      })}
    </I18nProvider>
  );
}

it("draws exactly one card again when one step is edited, and two when the selection moves", () => {
  const store = createEditor(`${lines.join("\n")}\n`);
  const parts = new Parts();
  const view = render(<Drawn nodes={cards(parts, store)} />);
  expect(drawn.count).toBe(180);
  drawn.count = 0;
  setAt(store, ["steps", "7", "then", "0", "wait"], "2h");
  view.rerender(<Drawn nodes={cards(parts, store)} />);
  expect(drawn.count).toBe(1);
  view.rerender(<Drawn nodes={cards(parts, store, { ...ABOUT, stop: { kind: "step", path: "steps/3" } })} />);
  drawn.count = 0;
  view.rerender(<Drawn nodes={cards(parts, store, { ...ABOUT, stop: { kind: "step", path: "steps/4" } })} />);
  expect(drawn.count).toBe(2);
});

it("paints only the steps whose state changed, and takes states of steps that are gone", () => {
  const store = createEditor(`${lines.join("\n")}\n`);
  const parts = new Parts();
  const view = render(<Drawn nodes={cards(parts, store)} />);
  drawn.count = 0;
  const states = { "steps/0": "done", "steps/0/then/0": "waiting", "steps/900": "failed" } as const;
  view.rerender(<Drawn nodes={cards(parts, store, { ...ABOUT, states })} />);
  expect(drawn.count).toBe(2);
});

it("counts a problem where its step is", () => {
  const flow = picture(
    read("on: manual\nwhen: x\nsteps:\n  - if: a\n    then:\n      - do: b\n        with: { c: 1 }\n"),
  );
  expect(stepOf(flow, "steps/0/then/0/with/c")).toBe("steps/0/then/0");
  expect(stepOf(flow, "when")).toBe("on");
  expect(stepOf(flow, null)).toBeNull();
  expect(problemsByStep(flow, [{ path: "steps/0/if" }, { path: "steps/0/else" }, { path: null }]).get("steps/0")).toBe(
    2,
  );
});
