import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { read } from "~/yaml";
import { picture } from "../model/model";
import { svgOf } from "./export";

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
