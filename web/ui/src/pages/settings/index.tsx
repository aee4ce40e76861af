import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { useCan } from "~/api/session";
import { withTexts } from "~/desk/texts";
import { useText } from "~/i18n";
import { Page } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Tabs } from "~/ui/tabs";
import { MeTab } from "./me";
import { RolesTab } from "./roles";
import { TokensTab } from "./tokens";
import { UsersTab } from "./users";
import { WorkspaceTab } from "./workspace";

const TeamsTab = lazy(() => withTexts(import("./teams")));
const SnippetsTab = lazy(() => import("./snippets"));

/** Oneself, and for those who may: people, roles, tokens and the workspace. */
export function SettingsPage() {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate({ from: "/settings" });
  const { tab = "me" } = useSearch({ from: "/shell/settings" });
  const tabs = [
    { id: "me", label: t("settings.me"), content: <MeTab />, shown: true },
    { id: "users", label: t("settings.users"), content: <UsersTab />, shown: can("users.manage") },
    {
      id: "teams",
      label: t("settings.teams"),
      content: <Later tab={<TeamsTab />} />,
      shown: can("users.manage") || can("inbox.all"),
    },
    {
      id: "snippets",
      label: t("settings.snippets"),
      content: <Later tab={<SnippetsTab />} />,
      shown: can("inbox.all"),
    },
    { id: "roles", label: t("settings.roles"), content: <RolesTab />, shown: true },
    { id: "tokens", label: t("settings.tokens"), content: <TokensTab />, shown: can("tokens.manage") },
    { id: "workspace", label: t("settings.workspace"), content: <WorkspaceTab />, shown: can("settings.manage") },
  ];
  return (
    <Page title={t("nav.settings")}>
      <Tabs
        label={t("nav.settings")}
        tabs={tabs.filter(({ shown }) => shown)}
        selected={tab}
        onSelect={(id) => void navigate({ search: { tab: id }, replace: true })}
      />
    </Page>
  );
}

/** A tab that brings its own texts. */
function Later({ tab }: { tab: ReactNode }) {
  return <Suspense fallback={<Skeleton />}>{tab}</Suspense>;
}
