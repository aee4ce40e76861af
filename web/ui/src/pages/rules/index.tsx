import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { rulesQuery } from "~/api/rules";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { useRulesTexts } from "~/rules/texts";
import { Page } from "~/ui/page";
import { Skeleton } from "~/ui/skeleton";
import { Tabs } from "~/ui/tabs";
import { RuleFiles } from "./files";

const NotUnderstood = lazy(() => import("./not-understood").then(({ NotUnderstood }) => ({ default: NotUnderstood })));

const Dictionary = lazy(() => import("~/book/dictionary"));

/** Tag rules: the files, what nobody understood, and the tags themselves. */
export function RulesPage() {
  const t = useText();
  const can = useCan();
  const ready = useRulesTexts();
  const navigate = useNavigate({ from: "/rules" });
  const { tab } = useSearch({ from: "/shell/rules" });
  const files = useQuery(rulesQuery);
  const waiting = <Skeleton lines={8} />;
  if (!ready) return waiting;
  const tabs = [
    { id: "files", label: t("nav.rules"), content: <RuleFiles files={files} /> },
    ...(can("runs.read")
      ? [
          {
            id: "not-understood",
            label: t("rules.not_understood"),
            content: (
              <Suspense fallback={waiting}>
                <NotUnderstood files={files.data ?? []} />
              </Suspense>
            ),
          },
        ]
      : []),
    {
      id: "tags",
      label: t("rules.tags"),
      content: (
        <Suspense fallback={waiting}>
          <Dictionary />
        </Suspense>
      ),
    },
  ];
  return (
    <Page title={t("nav.rules")} about={t("rules.about")}>
      <Tabs
        label={t("nav.rules")}
        tabs={tabs}
        selected={tabs.some(({ id }) => id === tab) ? (tab ?? "files") : "files"}
        onSelect={(next) => void navigate({ search: next === "files" ? {} : { tab: next }, replace: true })}
      />
    </Page>
  );
}
