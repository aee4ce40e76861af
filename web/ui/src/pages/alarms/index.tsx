import { useNavigate, useSearch } from "@tanstack/react-router";
import { useText } from "~/i18n";
import { Page } from "~/ui/page";
import { Tabs } from "~/ui/tabs";
import { AlarmList } from "./list";
import { PolicyTab } from "./policy";
import { WaitingReviews } from "./waiting";

/** What needs somebody who works here, what did, and who is told. */
export function AlarmsPage() {
  const t = useText();
  const navigate = useNavigate({ from: "/alarms" });
  const { tab = "now" } = useSearch({ from: "/shell/alarms" });
  const tabs = [
    {
      id: "now",
      label: t("alarms.now"),
      content: (
        <>
          <WaitingReviews />
          <AlarmList past={false} />
        </>
      ),
    },
    { id: "past", label: t("alarms.past"), content: <AlarmList past /> },
    { id: "policy", label: t("alarms.policy"), content: <PolicyTab /> },
  ];
  return (
    <Page title={t("nav.alarms")} about={t("alarms.about")}>
      <Tabs
        label={t("nav.alarms")}
        tabs={tabs}
        selected={tab}
        onSelect={(id) => void navigate({ search: { tab: id }, replace: true })}
      />
    </Page>
  );
}
