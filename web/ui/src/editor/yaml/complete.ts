//! What can be written at a place of a flow: keys, actions and their fields, triggers and theirs, words.

import type { Catalog, Schema } from "../api";
import { FLOW_KEYS, KEYS, REPEAT_KEYS, VERBS } from "../model/verbs";

export interface Offer {
  label: string;
  detail?: string;
  /** Written in its place: a key with its colon, a word. */
  apply: string;
}

export interface Offers {
  /** Where what is replaced begins. */
  from: number;
  offers: Offer[];
}

const LISTS = new Set(["steps", "then", "else", "default", "on_error", "on_timeout", "finally"]);
const WORDS: Record<string, string[]> = {
  retry: ["standard", "none"],
  on_unknown: ["resend"],
  join: ["all", "first"],
  timeout: ["never"],
  take: ["true", "false"],
  as: ["done", "failed"],
  wait_for: [],
};

interface Line {
  indent: number;
  dash: boolean;
  key: string | null;
  value: string;
}

function lineOf(text: string): Line {
  const match = /^( *)(- +)?(?:([\w.$-]+|"[^"]*")\s*:(?:\s+(.*)|$))?/.exec(text);
  const dash = match?.[2] ?? "";
  return {
    indent: (match?.[1]?.length ?? 0) + dash.length,
    dash: dash !== "",
    key: match?.[3] ?? null,
    value: match?.[4] ?? "",
  };
}

/** The offers at an offset of the text; nothing where nothing is known. */
export function offersAt(text: string, offset: number, catalog: Catalog | undefined): Offers | null {
  const lines = text.slice(0, offset).split("\n");
  const current = lines.pop() ?? "";
  if (/^\s*#/.test(current)) return null;
  const value = /^(\s*(?:- +)?)([\w.]+):\s+([\w.]*)$/.exec(current);
  const above = lines.map(lineOf);
  if (value) {
    const offers = words(value[2] ?? "", catalog);
    return offers.length > 0 ? { from: offset - (value[3]?.length ?? 0), offers } : null;
  }
  const bare = /^(\s*(?:- +)?)([\w.]*)$/.exec(current);
  if (!bare) return null;
  const indent = bare[1]?.length ?? 0;
  const offers = keys(above, indent, (bare[1] ?? "").includes("-"), catalog);
  return offers.length > 0 ? { from: offset - (bare[2]?.length ?? 0), offers } : null;
}

function words(key: string, catalog: Catalog | undefined): Offer[] {
  const plain = (label: string, detail?: string): Offer => ({ label, apply: label, ...(detail ? { detail } : {}) });
  if (key === "do") return Object.values(catalog?.actions ?? {}).map(({ name, about }) => plain(name, about));
  if (key === "wait_for" || key === "on")
    return Object.values(catalog?.triggers ?? {}).map(({ name, about }) => plain(name, about));
  return (WORDS[key] ?? []).map((word) => plain(word));
}

/** The key that the lines at `indent` are below, and the keys beside them. */
function around(
  above: readonly Line[],
  indent: number,
): { parent: Line | null; at: number; beside: Map<string, string> } {
  const beside = new Map<string, string>();
  for (let at = above.length - 1; at >= 0; at -= 1) {
    const line = above[at];
    if (!line || line.key === null) continue;
    if (line.indent === indent) beside.set(line.key, line.value);
    if (line.indent < indent) return { parent: line, at, beside };
  }
  return { parent: null, at: -1, beside };
}

function keys(above: readonly Line[], indent: number, dash: boolean, catalog: Catalog | undefined): Offer[] {
  const { parent, at, beside } = around(above, dash ? indent - 1 : indent);
  const pair = (label: string, detail?: string): Offer => ({
    label,
    apply: `${label}: `,
    ...(detail ? { detail } : {}),
  });
  if (!parent) return indent === 0 ? FLOW_KEYS.filter((key) => !beside.has(key)).map((key) => pair(key)) : [];
  const key = parent.key ?? "";
  if (key === "with") {
    const owner = around(above.slice(0, at), parent.indent).beside.get("do");
    return fields(catalog?.actions[owner ?? ""]?.input, beside);
  }
  const trigger = catalog?.triggers[key];
  if (trigger) return fields(trigger.params, beside);
  if (key === "on")
    return Object.values(catalog?.triggers ?? {}).map(({ name, about }) => ({
      label: name,
      detail: about,
      apply: name,
    }));
  if (key === "repeat") return REPEAT_KEYS.filter((own) => !beside.has(own)).map((own) => pair(own));
  const list =
    LISTS.has(key) ||
    around(above.slice(0, at), parent.indent).parent?.key === "cases" ||
    key === "parallel" ||
    key === "cases";
  if (!list) return [];
  const verb = VERBS.find((own) => beside.has(own));
  if (verb && !dash) return KEYS[verb].filter((own) => !beside.has(own)).map((own) => pair(own));
  return [...VERBS, "id", "name"].map((own) => pair(own));
}

function fields(schema: Schema | undefined, beside: ReadonlyMap<string, string>): Offer[] {
  const offers = Object.entries(schema?.properties ?? {}).filter(([name]) => !beside.has(name));
  return offers.map(([name, { description }]) => ({
    label: name,
    apply: `${name}: `,
    ...(description ? { detail: description } : {}),
  }));
}
