//! What an expression at a place can read.

import { useQuery } from "@tanstack/react-query";
import { useSettled } from "~/ui/time";
import { type ScopeName, scopeAt } from "../api";
import { useEditor } from "../state/editor";

/** The names in scope at a place, with samples of the last run; empty until they are known. */
export function useScope(path: string, wanted: boolean): ScopeName[] {
  const text = useSettled(
    useEditor((state) => state.source.text),
    600,
  );
  const query = useQuery({
    queryKey: ["scope", path, text],
    queryFn: () => scopeAt(text, path),
    enabled: wanted,
    staleTime: 60_000,
    placeholderData: (before) => before,
    retry: false,
  });
  return query.data?.names ?? [];
}

const same = (a: string, b: string) => a.toLowerCase() === b.trim().toLowerCase();

/** Where names come from, the most useful first: what started the flow and what its steps answered. */
const FIRST = ["event", "steps", "reply", "answer", "item", "index", "vars", "error", "contact", "conversation"];
const LAST = ["now", "flow", "run"];

function rank(from: string): number {
  const root = from.split(".")[0] ?? "";
  const first = FIRST.indexOf(root);
  return first >= 0 ? first : FIRST.length + 1 + LAST.indexOf(root);
}

/** Whether a name only holds others: those of the list, or the contact's own fields. */
const holdsOthers = ({ name, type }: ScopeName, all: readonly ScopeName[]) =>
  name === "contact.fields" || (type === "map" && all.some((other) => other.name.startsWith(`${name}.`)));

/** Of what started a flow, what one asks for most (of what a step answered it is the id); and what every event has, which one hardly asks for. */
const ASKED = ["event.text", "event.order.total", "event.order.id"];
const TECHNICAL = /^event\.(at|connection|id|kind|origin|type|message\..*)$/;

function rarity(name: string): number {
  const asked = ASKED.indexOf(name);
  if (/^steps\.\w+\.id$/.test(name)) return 0;
  return asked >= 0 ? asked : ASKED.length + Number(TECHNICAL.test(name));
}

/** Names of a scope by where they come from, the most useful first. What is only found in notes and samples gives way to names. */
export function grouped(
  names: readonly ScopeName[],
  search: string,
  shown: (name: string) => string,
): [string, ScopeName[]][] {
  const words = search
    .toLowerCase()
    .split(/[\s:·_]+/)
    .filter(Boolean);
  const has = (text: string) => words.every((word) => text.toLowerCase().replaceAll("_", " ").includes(word));
  const exact = ({ name }: ScopeName) => same(shown(name), search) || same(name, search);
  const all = names
    .filter((name) => !holdsOthers(name, names))
    .sort(
      (a, b) => Number(exact(b)) - Number(exact(a)) || rank(a.from) - rank(b.from) || rarity(a.name) - rarity(b.name),
    );
  const named = all.filter(({ name }) => has(`${name} ${shown(name)}`));
  const told = ({ name, note, sample }: ScopeName) =>
    has(`${name} ${shown(name)} ${note ?? ""} ${typeof sample === "string" ? sample : ""}`);
  const groups = new Map<string, ScopeName[]>();
  for (const name of named.length > 0 ? named : all.filter(told)) {
    groups.set(name.from, [...(groups.get(name.from) ?? []), name]);
  }
  return [...groups];
}
