import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { read } from "~/yaml";
import { layout, NORMAL } from "../model/layout";
import { picture } from "../model/model";
import { cuts, svgOf, svgPages } from "./export";

const FLOWS = join(process.cwd(), "../../flows/");
const words = (id: string) => `<${id}>`;

it.each([false, true])(
  "draws every step of flows, as an SVG that can be read (from the right: %s)",
  (rtl) => {
    for (const name of readdirSync(FLOWS).filter((file) => /^[a-d].*\.yaml$/.test(file))) {
      const flow = picture(read(readFileSync(join(FLOWS, name), "utf8")));
      const svg = new DOMParser().parseFromString(svgOf(flow, rtl, words), "image/svg+xml");
      expect(svg.querySelector("parsererror")).toBeNull();
      expect(svg.querySelectorAll("rect").length).toBeGreaterThan(flow.steps.size);
    }
  },
  20_000,
);

it("cuts no card in two on its way to paper", () => {
  const paper = { width: 680, height: 500 };
  for (const name of readdirSync(FLOWS).filter((file) => /^[a-d].*\.yaml$/.test(file))) {
    const flow = picture(read(readFileSync(join(FLOWS, name), "utf8")));
    const { places, height } = layout(flow, { collapsed: new Set(), sizes: NORMAL, rtl: false });
    const at = cuts(places, { x: 0, y: 0, width: 680, height }, paper.height);
    const cards = places.filter(({ kind }) => kind !== "frame");
    for (const cut of at) expect(cards.filter((card) => card.y < cut && card.y + card.height > cut)).toEqual([]);
    const edges = [0, ...at, height];
    const heights = edges.slice(1).map((edge, index) => edge - (edges[index] ?? 0));
    expect(Math.max(...heights)).toBeLessThanOrEqual(paper.height);
    const pages = svgPages(flow, () => paper, false, words).map((svg) => /viewBox="(.*?)"/.exec(svg)?.[1]?.split(" "));
    // One page begins where the one before ends.
    const [tops, ends] = [
      pages.map((box) => Number(box?.[1])),
      pages.map((box) => Number(box?.[1]) + Number(box?.[3])),
    ];
    expect(tops.slice(1)).toEqual(ends.slice(0, -1));
  }
});
