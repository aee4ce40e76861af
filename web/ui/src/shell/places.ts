import {
  BookUser,
  Gauge,
  Inbox,
  LayoutTemplate,
  ListChecks,
  type LucideIcon,
  Plug,
  ScrollText,
  Settings,
  Tags,
  TriangleAlert,
  Workflow,
} from "lucide-react";

export interface Place {
  to: string;
  text: string;
  icon: LucideIcon;
  /** The permission without which there is nothing to see. */
  needs?: string;
}

/** Where the daily work is, in the order of the rail. */
export const WORK: Place[] = [
  { to: "/inbox", text: "nav.inbox", icon: Inbox, needs: "inbox.read" },
  { to: "/team", text: "nav.team", icon: Gauge, needs: "inbox.all" },
  { to: "/flows", text: "nav.flows", icon: Workflow, needs: "flows.read" },
  { to: "/runs", text: "nav.runs", icon: ListChecks, needs: "runs.read" },
  { to: "/attention", text: "nav.attention", icon: TriangleAlert, needs: "runs.read" },
  { to: "/rules", text: "nav.rules", icon: Tags, needs: "flows.read" },
  { to: "/contacts", text: "nav.contacts", icon: BookUser, needs: "contacts.read" },
  { to: "/templates", text: "nav.templates", icon: LayoutTemplate, needs: "flows.edit" },
];

export const ADMIN: Place[] = [
  { to: "/connections", text: "nav.connections", icon: Plug, needs: "figures.read" },
  { to: "/audit", text: "nav.audit", icon: ScrollText, needs: "log.read" },
  { to: "/settings", text: "nav.settings", icon: Settings },
];

/** Where somebody with `permissions` begins: at the flows who makes them, else at the first place they may see. */
export function firstPlace(permissions: string[]): string {
  if (permissions.includes("flows.edit")) return "/flows";
  const open = [...WORK, ...ADMIN].find(({ needs }) => !needs || permissions.includes(needs));
  return open?.to ?? "/settings";
}
