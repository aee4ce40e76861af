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

/** Names of a scope by where they come from, in the order of the scope. */
export function grouped(names: readonly ScopeName[], search: string): [string, ScopeName[]][] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const groups = new Map<string, ScopeName[]>();
  for (const name of names) {
    const text = `${name.name} ${name.note ?? ""} ${typeof name.sample === "string" ? name.sample : ""}`
      .toLowerCase()
      .replaceAll("_", " ");
    if (!words.every((word) => text.includes(word.replaceAll("_", " ")))) continue;
    groups.set(name.from, [...(groups.get(name.from) ?? []), name]);
  }
  return [...groups];
}
