//! Pages and their tabs as the search finds them.

import { useEffect, useState } from "react";
import { withAlarmTexts } from "~/alarms/texts";
import { useCan } from "~/api/session";
import { addBookTexts } from "~/book/texts";
import { withTexts } from "~/desk/texts";
import { useText } from "~/i18n";
import { withSettingsTexts } from "~/pages/settings/texts";
import { ADMIN, WORK } from "./places";

/** A page, or a tab of one. */
export interface FoundPage {
  kind: "page";
  id: string;
  title: string;
  detail: string | null;
}

interface Tab {
  to: string;
  text: string;
  /** The page it is on. */
  of: string;
  /** Permissions, one of which is enough. */
  needs?: string[];
}

const TABS: Tab[] = [
  { to: "/contacts?tab=segments", text: "contacts.segments", of: "nav.contacts", needs: ["flows.read"] },
  { to: "/rules?tab=tags", text: "rules.tags", of: "nav.rules", needs: ["flows.read"] },
  { to: "/rules?tab=not-understood", text: "rules.not_understood", of: "nav.rules", needs: ["runs.read"] },
  { to: "/team?tab=misses", text: "team.misses", of: "nav.team", needs: ["inbox.all"] },
  { to: "/team?tab=figures", text: "team.figures", of: "nav.team", needs: ["inbox.all"] },
  { to: "/team?tab=staffing", text: "team.staffing", of: "nav.team", needs: ["inbox.all"] },
  { to: "/alarms?tab=past", text: "alarms.past", of: "nav.alarms" },
  { to: "/alarms?tab=policy", text: "alarms.policy", of: "nav.alarms" },
  { to: "/settings?tab=me", text: "settings.me", of: "nav.settings" },
  { to: "/settings?tab=users", text: "settings.users", of: "nav.settings", needs: ["users.manage"] },
  { to: "/settings?tab=teams", text: "settings.teams", of: "nav.settings", needs: ["users.manage", "inbox.all"] },
  { to: "/settings?tab=snippets", text: "settings.snippets", of: "nav.settings", needs: ["inbox.all"] },
  { to: "/settings?tab=roles", text: "settings.roles", of: "nav.settings" },
  { to: "/settings?tab=tokens", text: "settings.tokens", of: "nav.settings", needs: ["tokens.manage"] },
  { to: "/settings?tab=workspace", text: "settings.workspace", of: "nav.settings", needs: ["settings.manage"] },
];

/** Most that are shown: whoever looks for a person must not scroll behind pages. */
const MOST = 5;

/** The pages one may see whose name, or whose page's, holds `wanted`; those that begin with it first. */
export function usePages(wanted: string): FoundPage[] {
  const t = useText();
  const can = useCan();
  const ready = useTexts();
  const part = wanted.toLocaleLowerCase();
  if (!ready || part === "") return [];
  const places = [...WORK, { to: "/alarms", text: "nav.alarms", needs: undefined }, ...ADMIN];
  const pages = places.map(({ to, text, needs }) => ({ to, text, of: null, needs: needs ? [needs] : undefined }));
  const found = [...pages, ...TABS]
    .filter(({ needs }) => needs === undefined || needs.some(can))
    .map(({ to, text, of }) => ({ kind: "page" as const, id: to, title: t(text), detail: of && t(of) }))
    .filter(({ title, detail }) => `${title} ${detail ?? ""}`.toLocaleLowerCase().includes(part));
  const begins = ({ title }: FoundPage) => (title.toLocaleLowerCase().startsWith(part) ? 0 : 1);
  return found.sort((one, other) => begins(one) - begins(other)).slice(0, MOST);
}

/** Whether the names of all tabs are there: their pages bring them, and the search may come first. */
function useTexts(): boolean {
  const [ready, setReady] = useState(false);
  useEffect(() => {
    let there = true;
    const none = Promise.resolve();
    const all = [withAlarmTexts(none), withTexts(none), withSettingsTexts(none), addBookTexts()];
    void Promise.all(all).then(() => there && setReady(true));
    return () => {
      there = false;
    };
  }, []);
  return ready;
}
