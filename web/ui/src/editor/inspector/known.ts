//! What there is that a field can name: teams, tags, templates, flows … asked for when a field wants it.

import { useQuery } from "@tanstack/react-query";
import { get } from "~/api/client";
import type { StoredProfile, StoredTeam } from "~/api/desk";
import { useCan } from "~/api/session";
import type { AccountTemplates } from "~/api/templates";
import type { Connection, Flow, RuleFile } from "~/api/types";

export type Known = "team" | "tag" | "template" | "flow" | "called" | "segment" | "calendar" | "connection" | "skill";

/** Something that can be named. */
export interface Named {
  id: string;
  /** What people call it; nothing when that is its id. */
  title?: string | null;
}

export interface Names {
  names: readonly Named[];
  /** Whether these are all there are: only then one that is not among them does not exist. */
  all: boolean;
}

/** What fields of actions and triggers name, by the fields' names. */
const FIELDS: Record<string, Known> = {
  team: "team",
  tag: "tag",
  tags: "tag",
  template: "template",
  flow: "flow",
  segment: "segment",
  each: "segment",
  connection: "connection",
  skills: "skill",
};

export function knownOf(field: string): Known | null {
  return Object.hasOwn(FIELDS, field) ? (FIELDS[field] ?? null) : null;
}

interface Source {
  /** What one must be allowed to see. */
  may: string;
  /** With the key of the list it is read from: what makes that anew makes this anew. */
  key: string;
  ask: () => Promise<Names>;
}

const all = (names: Named[]): Names => ({ names, all: true });
const some = (ids: Iterable<string>): Names => ({
  names: [...new Set(ids)].toSorted().map((id) => ({ id })),
  all: false,
});
const teams = () => get<{ teams: StoredTeam[]; agents?: StoredProfile[] }>("/teams");
const flows = () => get<{ flows: Flow[] }>("/flows");

const SOURCES: Record<Known, Source> = {
  team: {
    may: "inbox.read",
    key: "teams",
    ask: async () => all((await teams()).teams.map(({ id, name }) => ({ id, title: name }))),
  },
  skill: {
    may: "inbox.read",
    key: "teams",
    ask: async () => some(((await teams()).agents ?? []).flatMap(({ skills }) => skills)),
  },
  // Tags come from people and other systems, too: that no rule gives one says nothing.
  tag: {
    may: "flows.read",
    key: "rules",
    ask: async () => {
      const { rules } = await get<{ rules: RuleFile[] }>("/rules");
      return some(rules.flatMap(({ list }) => (list ?? []).flatMap((rule) => [...rule.add_tags, ...rule.remove_tags])));
    },
  },
  template: {
    may: "flows.read",
    key: "templates",
    ask: async () => {
      const { templates, silent } = await get<AccountTemplates>("/templates");
      return { ...some(templates.map(({ name }) => name)), all: silent.length === 0 };
    },
  },
  flow: {
    may: "flows.read",
    key: "flows",
    ask: async () => all((await flows()).flows.map(({ id, name }) => ({ id, title: name }))),
  },
  called: {
    may: "flows.read",
    key: "flows",
    ask: async () => {
      const callable = (await flows()).flows.filter(({ on }) => on?.includes("flow.called"));
      return { ...all(callable.map(({ id, name }) => ({ id, title: name }))), all: false };
    },
  },
  segment: {
    may: "flows.read",
    key: "segments",
    ask: async () => {
      const { segments } = await get<{ segments: { flow: string; name: string | null }[] }>("/segments");
      return all(segments.map(({ flow, name }) => ({ id: flow, title: name })));
    },
  },
  calendar: {
    may: "flows.read",
    key: "workspace",
    ask: async () => {
      const { documents } = await get<{ documents: { text: string }[] }>("/workspace");
      return all(documents.flatMap(({ text }) => calendarOf(text)));
    },
  },
  connection: {
    may: "figures.read",
    key: "connections",
    ask: async () => {
      const { connections } = await get<{ connections: Connection[] }>("/connections");
      return all(connections.map(({ id, connector }) => ({ id, title: connector })));
    },
  },
};

/** The calendar that a document is, if it is one. */
function calendarOf(text: string): Named[] {
  const key = (name: string) => new RegExp(`^${name}[ \\t]*:[ \\t]*["']?([^"'#\\n]*[^"'#\\s])`, "m").exec(text)?.[1];
  const id = key("calendar");
  return id === undefined ? [] : [{ id, title: key("name") ?? null }];
}

const NOTHING: Names = { names: [], all: false };

/** What there is of a kind, as far as one may see it; nothing until it is known. */
export function useKnown(kind: Known): Names {
  const can = useCan();
  const { may, key, ask } = SOURCES[kind];
  const { data } = useQuery({ queryKey: [key, "names", kind], queryFn: ask, enabled: can(may), staleTime: 60_000 });
  return data ?? NOTHING;
}
