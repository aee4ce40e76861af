import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { Plus, Workflow } from "lucide-react";
import { flowsQuery } from "~/api/flows";
import { reviewsQuery } from "~/api/reviews";
import { useCan } from "~/api/session";
import type { Flow } from "~/api/types";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Checkbox, SearchField } from "~/ui/field";
import { Loaded, Page, Toolbar } from "~/ui/page";
import { Select } from "~/ui/select";
import { FlowStateBadge } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { FlowMenu } from "./arrange";
import { Health, LastChange, Name, OnOff, Starts, Waiting } from "./cells";
import { NewFlowDialog } from "./new";
import { Tour } from "./tour";

const STATES = ["live", "off", "draft"] as const;

/** All flows: is each of them on, is it well, who changed it last. */
export function FlowsPage() {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate({ from: "/flows" });
  const search = useSearch({ from: "/shell/flows" });
  const flows = useQuery(flowsQuery);
  const reviews = useQuery(reviewsQuery).data?.reviews;
  const waiting = new Set(reviews?.filter(({ waits }) => waits).map(({ id }) => id));
  const filter = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const create = (open: boolean) => filter({ new: open ? "1" : undefined });
  const newButton = can("flows.edit") && (
    <Button look="primary" icon={<Plus size={16} aria-hidden />} onPress={() => create(true)}>
      {t("flows.new")}
    </Button>
  );
  const labels = [...new Set(flows.data?.flatMap((flow) => flow.labels ?? []))];
  const folders = [...new Set(flows.data?.flatMap(({ folder }) => (folder ? [folder] : [])))].sort();
  const choices = (any: string, ids: readonly string[], name: (id: string) => string) => [
    { id: "", label: any },
    ...ids.map((id) => ({ id, label: name(id) })),
  ];
  return (
    <Page title={t("nav.flows")} about={t("flows.about")} actions={newButton}>
      <Loaded read={flows}>
        {(all) => (
          <>
            {all.length === 0 && <Tour onNew={() => create(true)} />}
            {all.length > 0 && (
              <>
                <Toolbar>
                  <SearchField
                    label={t("flows.find")}
                    value={search.text ?? ""}
                    onChange={(text) => filter({ text: text || undefined })}
                  />
                  <Select
                    compact
                    label={t("flows.state")}
                    value={search.state ?? ""}
                    choices={choices(t("runs.any_status"), STATES, (state) => t(`flow.${state}`))}
                    onChange={(state) => filter({ state: state || undefined })}
                  />
                  {labels.length > 0 && (
                    <Select
                      compact
                      label={t("flows.label")}
                      value={search.label ?? ""}
                      choices={choices(t("flows.any_label"), labels, (label) => label)}
                      onChange={(label) => filter({ label: label || undefined })}
                    />
                  )}
                  {folders.length > 0 && (
                    <Select
                      compact
                      label={t("flows.folder")}
                      value={search.folder ?? ""}
                      choices={choices(t("flows.any_folder"), folders, (folder) => folder)}
                      onChange={(folder) => filter({ folder: folder || undefined })}
                    />
                  )}
                  <Checkbox
                    isSelected={search.ill !== undefined}
                    onChange={(ill) => filter({ ill: ill ? "1" : undefined })}
                  >
                    {t("flows.only_ill")}
                  </Checkbox>
                  {(waiting.size > 0 || search.mine !== undefined) && (
                    <Checkbox
                      isSelected={search.mine !== undefined}
                      onChange={(mine) => filter({ mine: mine ? "1" : undefined })}
                    >
                      {t("flows.only_mine")}
                    </Checkbox>
                  )}
                </Toolbar>
                <Table
                  label={t("nav.flows")}
                  columns={columns(t, folders)}
                  rows={all.filter((flow) => fits(flow, search) && (!search.mine || waiting.has(flow.id)))}
                  rowKey={(flow) => flow.id}
                  href={(flow) => `/flows/${encodeURIComponent(flow.id)}`}
                  empty={
                    <Empty icon={Workflow} title={t("flows.none_fit")} text={t("flows.none_fit_text")}>
                      <Link to="/flows" search={{}}>
                        {t("flows.show_all")}
                      </Link>
                    </Empty>
                  }
                />
              </>
            )}
          </>
        )}
      </Loaded>
      {search.new && <NewFlowDialog onClose={() => create(false)} />}
    </Page>
  );
}

function fits(
  flow: Flow,
  search: { text?: string; state?: string; label?: string; folder?: string; ill?: string },
): boolean {
  const text = search.text?.toLowerCase() ?? "";
  const named = `${flow.name ?? ""} ${flow.id}`.toLowerCase().includes(text);
  const stated = !search.state || flow.state === search.state;
  const labelled = !search.label || flow.labels?.includes(search.label);
  const placed = !search.folder || flow.folder === search.folder;
  const troubled = !search.ill || (flow.figures?.failed_24h ?? 0) + (flow.figures?.attention ?? 0) > 0;
  return named && stated && Boolean(labelled) && placed && troubled;
}

const columns = (t: ReturnType<typeof useText>, folders: readonly string[]): Column<Flow>[] => [
  { id: "on", name: t("flows.on"), width: "44px", quiet: true, cell: (flow) => <OnOff flow={flow} /> },
  { id: "name", name: t("flows.name"), width: "minmax(180px, 3fr)", cell: (flow) => <Name flow={flow} /> },
  {
    id: "state",
    name: t("flows.state"),
    width: "minmax(104px, 0.8fr)",
    wide: true,
    cell: (flow) => <FlowStateBadge state={flow.state} bare />,
  },
  {
    id: "starts",
    name: t("flows.starts"),
    width: "minmax(140px, 2fr)",
    wide: true,
    cell: (flow) => <Starts flow={flow} />,
  },
  { id: "health", name: t("flows.health"), width: "minmax(120px, 1.9fr)", cell: (flow) => <Health flow={flow} /> },
  {
    id: "waiting",
    name: t("flows.waiting"),
    width: "minmax(72px, 0.7fr)",
    align: "end",
    wide: true,
    cell: (flow) => <Waiting flow={flow} />,
  },
  {
    id: "changed",
    name: t("flows.changed"),
    width: "minmax(140px, 1.6fr)",
    wide: true,
    cell: (flow) => <LastChange flow={flow} />,
  },
  {
    id: "more",
    name: t("flows.arrange"),
    width: "44px",
    quiet: true,
    wide: true,
    cell: (flow) => <FlowMenu flow={flow} folders={folders} />,
  },
];
