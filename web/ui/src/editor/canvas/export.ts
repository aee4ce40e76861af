//! The whole flow as a picture to keep, to send or to print: an SVG that says what the cards say, and the same as PNG.

import type { Translate } from "~/i18n";
import { cardOf, laneInWords, triggerInWords } from "../model/cards";
import { type Box, type Layout, layout, NORMAL, type Place } from "../model/layout";
import type { Picture } from "../model/model";
import { pathOf } from "./connectors";

const MARGIN = 32;
/** Letters of a line of a card, about. */
const TITLE = 34;
const DETAIL = 42;
/** How many points of a PNG one of the picture is; no side has more than browsers draw. */
const SHARP = 2;
const MOST = 8_000;

/** The picture as SVG. Its colours are those of paper, whatever the page looks like. */
export function svgOf(picture: Picture, rtl: boolean, t: Translate): string {
  const plan = layout(picture, { collapsed: new Set(), sizes: NORMAL, rtl });
  return drawing(picture, plan, boundsOf(plan), 1, rtl, t);
}

/** How large one page of paper is, in pixels. */
export interface Paper {
  width: number;
  height: number;
}

/** The picture as one SVG for each page: as large as the width allows, and cut where no card is cut through. */
export function svgPages(picture: Picture, paper: (width: number) => Paper, rtl: boolean, t: Translate): string[] {
  const plan = layout(picture, { collapsed: new Set(), sizes: NORMAL, rtl });
  const whole = boundsOf(plan);
  const { width, height } = paper(whole.width);
  const scale = Math.min(1, width / whole.width);
  const edges = [whole.y, ...cuts(plan.places, whole, height / scale), whole.y + whole.height];
  return edges.slice(1).map((bottom, at) => {
    const top = edges[at] as number;
    return drawing(picture, plan, { ...whole, y: top, height: bottom - top }, scale, rtl, t);
  });
}

/** Where a picture is cut into pieces of at most `most`. A card that is taller than that is cut through. */
export function cuts(places: readonly Place[], { y, height }: Box, most: number): number[] {
  const cards = places.filter(({ kind }) => kind !== "frame");
  const found: number[] = [];
  for (let from = y; y + height - from > most; from = found.at(-1) as number) {
    let at = from + most;
    for (;;) {
      const through = cards.find((card) => card.y < at && card.y + card.height > at);
      if (!through) break;
      at = through.y;
    }
    found.push(at > from ? at : from + most);
  }
  return found;
}

function drawing(picture: Picture, plan: Layout, box: Box, scale: number, rtl: boolean, t: Translate): string {
  const inside = ({ y, height }: Box) => y < box.y + box.height && y + height > box.y;
  const lines = plan.lines.map(
    ({ points, error }) => `<path d="${pathOf(points)}" stroke="${error ? "#b3261e" : "#8a9599"}"/>`,
  );
  const places = plan.places.filter(inside).map((place) => drawn(place, picture, rtl, t));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.x} ${box.y} ${box.width} ${box.height}" `,
    `width="${box.width * scale}" height="${box.height * scale}" `,
    `font-family="system-ui, sans-serif" direction="${rtl ? "rtl" : "ltr"}">`,
    `<title>${escaped(picture.name)}</title>`,
    `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" fill="#ffffff"/>`,
    `<g fill="none" stroke-width="1.5">${lines.join("")}</g>`,
    places.join(""),
    "</svg>",
  ].join("");
}

function boundsOf(plan: Layout): Box {
  const left = Math.min(...plan.places.map(({ x }) => x)) - MARGIN;
  const right = Math.max(...plan.places.map(({ x, width }) => x + width)) + MARGIN;
  const bottom = Math.max(...plan.places.map(({ y, height }) => y + height)) + MARGIN;
  return { x: left, y: -MARGIN, width: right - left, height: bottom + MARGIN };
}

function drawn(place: Place, picture: Picture, rtl: boolean, t: Translate): string {
  const { x, y, width, height, kind, step, lane } = place;
  const middle = x + width / 2;
  if (kind === "frame") return rect(place, 'fill="none" stroke="#b9c2c5" stroke-dasharray="4 4"');
  if (kind === "empty") return rect(place, 'fill="none" stroke="#b9c2c5" stroke-dasharray="4 4"');
  if (kind === "end")
    return text(middle, y + 17, t("editor.end"), 'fill="#5b6a6e" font-size="12" text-anchor="middle"');
  if (kind === "label" || kind === "section") {
    const words = lane ? laneInWords(lane, t) : "";
    const ground = `<rect x="${middle - 60}" y="${y + 2}" width="120" height="22" rx="11" fill="#eef2f3"/>`;
    return ground + text(middle, y + 17, cut(words, 18), 'font-size="12" font-weight="600" text-anchor="middle"');
  }
  const card = step ? cardOf(step, t) : null;
  const title = card?.title ?? picture.triggers.map(({ type }) => triggerInWords(type, t)).join(", ");
  const detail = card ? card.detail : t("editor.starts");
  const start = rtl ? x + width - 16 : x + 16;
  const top = y + height / 2;
  return [
    rect({ x, y, width, height }, `fill="#ffffff" stroke="${step ? "#b9c2c5" : "#0b5c6b"}"`),
    text(start, detail ? top - 4 : top + 5, cut(title, TITLE), 'font-size="14" font-weight="600"'),
    detail ? text(start, top + 15, cut(detail, DETAIL), 'font-size="12" fill="#5b6a6e"') : "",
  ].join("");
}

function rect({ x, y, width, height }: Box, more: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="12" ${more}/>`;
}

function text(x: number, y: number, words: string, more: string): string {
  return `<text x="${x}" y="${y}" ${more}>${escaped(words)}</text>`;
}

function cut(words: string, most: number): string {
  const letters = [...words];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : words;
}

function escaped(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Gives the picture to the browser as a file. */
export async function savePicture(kind: "svg" | "png", picture: Picture, rtl: boolean, t: Translate): Promise<void> {
  const svg = new Blob([svgOf(picture, rtl, t)], { type: "image/svg+xml" });
  save(kind === "svg" ? svg : await png(svg), `${picture.id || "flow"}.${kind}`);
}

async function png(svg: Blob): Promise<Blob> {
  const address = URL.createObjectURL(svg);
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(SHARP, MOST / image.width, MOST / image.height);
    const canvas = new OffscreenCanvas(Math.round(image.width * scale), Math.round(image.height * scale));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/png" });
  } finally {
    URL.revokeObjectURL(address);
  }
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
