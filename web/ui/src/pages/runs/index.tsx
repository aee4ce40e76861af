import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ListChecks, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { flowsQuery } from "~/api/flows";
import type { Notice } from "~/api/live";
import { runsQuery } from "~/api/runs";
import { useCan, useSession } from "~/api/session";
import type { RunStatus } from "~/api/types";
import { useText } from "~/i18n";
import { useRunNotices } from "~/shell/follow";
import { Button } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { SearchField } from "~/ui/field";
import { Loaded, Page, Toolbar } from "~/ui/page";
import { Select } from "~/ui/select";
import { RUN_STATUS_TEXT } from "~/ui/status";
import { Table } from "~/ui/table";
import { useSettled } from "~/ui/time";
import { Bulk } from "./bulk";
import { columns } from "./columns";

const SINCE_HOURS = [1, 24, 168, 720];
/** From so many pages on the list is not read anew by itself: it would ask for all of them. */
const CALM_PAGES = 2;
/** Under load there are many notices a second: the list is read anew this often at most. */
const PACE_MS = 1_000;
/** Nearer to the top than this is at the top. */
const TOP_PX = 8;

/** Every run there was, newest first, as it happens. */
export function RunsPage() {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate({ from: "/runs" });
  const search = useSearch({ from: "/shell/runs" });
  const [text, setText] = useState(search.text ?? "");
  const settled = useSettled(text);
  const { data: flows = [] } = useQuery(flowsQuery);
  const filter = (change: Partial<typeof search>) =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the field, not the other way round.
  useEffect(() => filter({ text: settled || undefined }), [settled]);
  const { since, ...exact } = search;
  const [from, setFrom] = useState<string | undefined>(undefined);
  useEffect(() => setFrom(since ? new Date(Date.now() - Number(since) * 3_600_000).toISOString() : undefined), [since]);
  const runs = useInfiniteQuery(runsQuery({ ...exact, since: from }));
  const rows = runs.data?.pages.flatMap((page) => page.runs);
  const fresh = useFresh(
    rows?.map((run) => run.id) ?? [],
    (runs.data?.pages.length ?? 0) <= CALM_PAGES,
    () => void runs.refetch(),
  );
  const active = Object.keys(search).length > 0;
  return (
    <Page title={t("nav.runs")} about={t("runs.about")}>
      <Toolbar>
        <SearchField label={t("runs.find")} value={text} onChange={setText} />
        <Select
          compact
          label={t("flows.state")}
          value={search.status ?? ""}
          choices={[
            { id: "", label: t("runs.any_status") },
            ...Object.entries(RUN_STATUS_TEXT).map(([id, word]) => ({ id, label: t(word) })),
          ]}
          onChange={(status) => filter({ status: (status as RunStatus) || undefined })}
        />
        <Select
          compact
          label={t("runs.flow")}
          value={search.flow ?? ""}
          choices={[
            { id: "", label: t("runs.any_flow") },
            ...flows.map((flow) => ({ id: flow.id, label: flow.name ?? flow.id })),
          ]}
          onChange={(flow) => filter({ flow: flow || undefined })}
        />
        <Select
          compact
          label={t("runs.since")}
          value={since ?? ""}
          choices={[
            { id: "", label: t("runs.any_time") },
            ...SINCE_HOURS.map((hours) => ({
              id: String(hours),
              label: hours < 48 ? t("runs.last_hours", { n: hours }) : t("runs.last_days", { n: hours / 24 }),
            })),
          ]}
          onChange={(hours) => filter({ since: hours || undefined })}
        />
        {(search.contact || search.version) && (
          <Button
            size="s"
            icon={<X size={14} aria-hidden />}
            onPress={() => filter({ contact: undefined, version: undefined })}
          >
            {t(search.contact ? "runs.one_contact" : "runs.one_version")}
          </Button>
        )}
        {can("runs.control") && (search.flow || search.contact) && <Bulk flow={search.flow} contact={search.contact} />}
        {fresh.count > 0 && (
          <Button size="s" look="primary" onPress={fresh.show}>
            {t("runs.fresh", { n: fresh.count })}
          </Button>
        )}
      </Toolbar>
      <Loaded read={{ ...runs, data: rows }} lines={12}>
        {(found) => (
          <Table
            label={t("nav.runs")}
            columns={columns(t, flows)}
            rows={found}
            rowKey={(run) => run.id}
            href={(run) => `/runs/${run.id}`}
            more={runs.hasNextPage && !runs.isFetchingNextPage ? () => void runs.fetchNextPage() : null}
            onScroll={fresh.onScroll}
            empty={active ? <NoneFit onClear={() => setText("")} /> : <NoRuns />}
          />
        )}
      </Loaded>
    </Page>
  );
}

/** Runs that began since the list was read: shown at once while the reader is at its top, counted while they read further down. */
function useFresh(shown: string[], calm: boolean, renew: () => void) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const atTop = useRef(true);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useRunNotices(({ id }: Notice) => {
    // Without an id there are many: nobody counts them.
    const known = id !== null && shown.includes(id);
    if (calm && (atTop.current || known)) {
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        renew();
      }, PACE_MS);
    } else if (!known) {
      setIds((old) => new Set(old).add(id ?? ""));
    }
  });
  useEffect(() => () => clearTimeout(timer.current), []);
  const show = () => {
    setIds(new Set());
    renew();
  };
  const onScroll = (top: number) => {
    atTop.current = top < TOP_PX;
  };
  return { count: ids.size, show, onScroll };
}

function NoneFit({ onClear }: { onClear: () => void }) {
  const t = useText();
  return (
    <Empty icon={ListChecks} title={t("runs.none_fit")} text={t("runs.none_fit_text")}>
      <Link to="/runs" search={{}} onClick={onClear}>
        {t("runs.show_all")}
      </Link>
    </Empty>
  );
}

function NoRuns() {
  const t = useText();
  const { sandbox } = useSession();
  return <Empty icon={ListChecks} title={t("runs.none")} text={t(sandbox ? "runs.none_sandbox" : "runs.none_text")} />;
}
