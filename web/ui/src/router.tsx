import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { withAlarmTexts } from "./alarms/texts";
import { queries } from "./api/queries";
import { sessionQuery, signedOut } from "./api/session";
import { withTexts } from "./desk/texts";
import { withAuditTexts } from "./pages/audit/texts";
import { withSettingsTexts } from "./pages/settings/texts";
import { Failed, Lost } from "./shell/failed";
import { firstPlace } from "./shell/places";
import { Shell } from "./shell/shell";
import { Skeleton } from "./ui/skeleton";

function filters<K extends string>(...names: K[]) {
  return (search: Record<string, unknown>): Partial<Record<K, string>> => {
    const known = names.filter((name) => search[name] !== undefined && search[name] !== "");
    return Object.fromEntries(known.map((name) => [name, String(search[name])])) as Partial<Record<K, string>>;
  };
}

const root = createRootRoute({ component: Outlet, errorComponent: Failed, notFoundComponent: Lost });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: filters("next", "refused", "code"),
  component: lazyRouteComponent(() => import("./pages/entry"), "SignIn"),
});
const setUp = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  component: lazyRouteComponent(() => import("./pages/entry"), "SetUp"),
});
const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation",
  component: lazyRouteComponent(() => import("./pages/entry"), "Invitation"),
});

/** All pages but those of signing in: nobody sees them without a session. */
const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  component: Shell,
  beforeLoad: async ({ location }) => {
    try {
      await queries.ensureQueryData(sessionQuery);
    } catch (error) {
      if (signedOut(error)) throw redirect({ to: "/sign-in", search: { next: location.href } });
      throw error;
    }
  },
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  beforeLoad: async () => {
    const { permissions } = await queries.ensureQueryData(sessionQuery);
    throw redirect({ to: firstPlace(permissions) });
  },
});
const inbox = createRoute({
  getParentRoute: () => shell,
  path: "/inbox",
  validateSearch: filters("box", "text", "tag", "team", "agent"),
  component: lazyRouteComponent(() => withTexts(import("./pages/inbox")), "InboxPage"),
});
/** The page shows the conversation beside the list, so that the list stays where it is. */
const chat = createRoute({ getParentRoute: () => inbox, path: "$conversation" });
const team = createRoute({
  getParentRoute: () => shell,
  path: "/team",
  validateSearch: filters("tab", "miss", "by"),
  component: lazyRouteComponent(() => withTexts(import("./pages/team")), "TeamPage"),
});
const flows = createRoute({
  getParentRoute: () => shell,
  path: "/flows",
  validateSearch: filters("text", "state", "label", "folder", "ill", "mine", "new"),
  component: lazyRouteComponent(() => import("./pages/flows"), "FlowsPage"),
});
const flow = createRoute({
  getParentRoute: () => shell,
  path: "/flows/$id",
  validateSearch: filters("step", "review"),
  component: lazyRouteComponent(() => import("./pages/flow"), "FlowPage"),
});
const runs = createRoute({
  getParentRoute: () => shell,
  path: "/runs",
  validateSearch: filters("text", "status", "flow", "version", "contact", "since"),
  component: lazyRouteComponent(() => import("./pages/runs"), "RunsPage"),
});
const run = createRoute({
  getParentRoute: () => shell,
  path: "/runs/$id",
  validateSearch: filters("step"),
  component: lazyRouteComponent(() => import("./pages/run"), "RunPage"),
});
const attention = createRoute({
  getParentRoute: () => shell,
  path: "/attention",
  component: lazyRouteComponent(() => import("./pages/attention"), "AttentionPage"),
});
const rules = createRoute({
  getParentRoute: () => shell,
  path: "/rules",
  validateSearch: filters("tab"),
  component: lazyRouteComponent(() => import("./pages/rules"), "RulesPage"),
});
const rule = createRoute({
  getParentRoute: () => shell,
  path: "/rules/$id",
  validateSearch: filters("rule", "keyword", "review"),
  component: lazyRouteComponent(() => import("./pages/rules/edit"), "RuleFilePage"),
});
const contacts = createRoute({
  getParentRoute: () => shell,
  path: "/contacts",
  validateSearch: filters("text", "tag", "tab"),
  component: lazyRouteComponent(() => import("./pages/contacts"), "ContactsPage"),
});
const segment = createRoute({
  getParentRoute: () => shell,
  path: "/contacts/segments/$id",
  validateSearch: filters("review"),
  component: lazyRouteComponent(() => import("./pages/contacts/segment"), "SegmentPage"),
});
const contact = createRoute({
  getParentRoute: () => shell,
  path: "/contacts/$who",
  component: lazyRouteComponent(() => import("./pages/contacts/detail"), "ContactPage"),
});
const templates = createRoute({
  getParentRoute: () => shell,
  path: "/templates",
  validateSearch: filters("text"),
  component: lazyRouteComponent(() => import("./pages/templates"), "TemplatesPage"),
});
const connections = createRoute({
  getParentRoute: () => shell,
  path: "/connections",
  validateSearch: filters("add"),
  component: lazyRouteComponent(() => import("./pages/connections"), "ConnectionsPage"),
});
const alarms = createRoute({
  getParentRoute: () => shell,
  path: "/alarms",
  validateSearch: filters("tab", "alarm"),
  component: lazyRouteComponent(() => withAlarmTexts(import("./pages/alarms")), "AlarmsPage"),
});
const audit = createRoute({
  getParentRoute: () => shell,
  path: "/audit",
  validateSearch: filters("by", "subject", "since", "people"),
  component: lazyRouteComponent(() => withAuditTexts(import("./pages/audit")), "AuditPage"),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  validateSearch: filters("tab"),
  component: lazyRouteComponent(() => withSettingsTexts(import("./pages/settings")), "SettingsPage"),
});

const pages = [
  home,
  inbox.addChildren([chat]),
  team,
  flows,
  flow,
  runs,
  run,
  attention,
  rules,
  rule,
  contacts,
  segment,
  contact,
  templates,
  connections,
  alarms,
  audit,
  settings,
];

export const router = createRouter({
  routeTree: root.addChildren([signIn, setUp, invitation, shell.addChildren(pages)]),
  defaultPreload: "intent",
  defaultPendingComponent: Skeleton,
  defaultErrorComponent: Failed,
  defaultNotFoundComponent: Lost,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
