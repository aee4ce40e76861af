import { useNavigate, useSearch } from "@tanstack/react-router";
import { useText } from "~/i18n";
import { Page } from "~/ui/page";
import { Tabs } from "~/ui/tabs";
import { AgentsTab } from "./agents";
import { FiguresTab } from "./figures";
import { MissesTab } from "./misses";
import { StaffingTab } from "./staffing";

/** For whoever leads a team: who is there, what was missed and why, the figures, and whether there are enough people. */
export function TeamPage() {
  const t = useText();
  const navigate = useNavigate({ from: "/team" });
  const { tab = "now" } = useSearch({ from: "/shell/team" });
  const tabs = [
    { id: "now", label: t("team.now"), content: <AgentsTab /> },
    { id: "misses", label: t("team.misses"), content: <MissesTab /> },
    { id: "figures", label: t("team.figures"), content: <FiguresTab /> },
    { id: "staffing", label: t("team.staffing"), content: <StaffingTab /> },
  ];
  return (
    <Page title={t("nav.team")} about={t("team.about")}>
      <Tabs
        label={t("nav.team")}
        tabs={tabs}
        selected={tab}
        onSelect={(id) => void navigate({ search: { tab: id }, replace: true })}
      />
    </Page>
  );
}
