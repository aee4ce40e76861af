import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { ChartNoAxesColumn, Table2 } from "lucide-react";
import { useMemo, useState } from "react";
import { type By, type FigureRow, figuresQuery } from "~/api/desk";
import { useText } from "~/i18n";
import { duration, number, percent } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { Pick } from "~/ui/pick";
import { type Column, Table } from "~/ui/table";
import styles from "./team.module.css";

const BY: By[] = ["agent", "team", "flow", "day"];
const DAYS = [1, 7, 30];
const DAY_MS = 86_400_000;

interface Measure {
  value: (row: FigureRow) => number | null;
  words: (value: number) => string;
  /** The whole bar; the largest value where there is none. */
  whole?: number;
}

/** What is measured, and how it is said. */
const MEASURES: Record<string, Measure> = {
  conversations: { value: (row) => row.conversations, words: number },
  first_response: { value: (row) => row.first_response_ms.p50, words: duration },
  accept: { value: (row) => row.accept_ms.p50, words: duration },
  resolution: { value: (row) => row.resolution_ms.p50, words: duration },
  satisfaction: {
    value: (row) => row.satisfaction.mean,
    words: (mean) => number(Math.round(mean * 10) / 10),
    whole: 5,
  },
  within: { value: (row) => row.within, words: percent, whole: 1 },
  human_share: { value: (row) => row.human_share, words: percent, whole: 1 },
  missed: { value: (row) => row.missed, words: number },
};

/** The figures of people: as bars of one measure, or all of them as a table. */
export function FiguresTab() {
  const t = useText();
  const navigate = useNavigate({ from: "/team" });
  const search = useSearch({ from: "/shell/team" });
  const by = BY.find((one) => one === search.by) ?? "agent";
  const [days, setDays] = useState(7);
  const [measure, setMeasure] = useState("within");
  const [table, setTable] = useState(false);
  // The start of a minute, so that looking again asks the same question.
  const from = useMemo(() => new Date(Math.floor(Date.now() / 60_000) * 60_000 - days * DAY_MS).toISOString(), [days]);
  const read = useQuery(figuresQuery(by, from));
  return (
    <div className={styles.tab}>
      <div className={styles.filters}>
        <Pick
          label={t("team.by")}
          value={by}
          onChange={(chosen) => void navigate({ search: (old) => ({ ...old, by: chosen }), replace: true })}
        >
          {BY.map((one) => (
            <option key={one} value={one}>
              {t(`team_by.${one}`)}
            </option>
          ))}
        </Pick>
        <Pick label={t("team.since")} value={String(days)} onChange={(value) => setDays(Number(value))}>
          {DAYS.map((n) => (
            <option key={n} value={n}>
              {t("team.days", { n })}
            </option>
          ))}
        </Pick>
        {!table && (
          <Pick label={t("team.measure")} value={measure} onChange={setMeasure}>
            {Object.keys(MEASURES).map((one) => (
              <option key={one} value={one}>
                {t(`measure.${one}`)}
              </option>
            ))}
          </Pick>
        )}
        <TableSwitch table={table} onChange={setTable} />
      </div>
      <Loaded read={read}>
        {(figures) => {
          if (figures.rows.length === 0)
            return <Empty icon={ChartNoAxesColumn} title={t("team.no_figures")} text={t("team.no_figures_text")} />;
          const named = (row: FigureRow) => ({ ...row, name: row.name || row.key || t(`team_none.${by}`) });
          const total = { ...figures.total, key: "total", name: t("team.total") };
          const rows = [...figures.rows.map(named), total];
          return (
            <>
              {!figures.complete && <Banner tone="warn">{t("team.incomplete")}</Banner>}
              {table ? (
                <AsTable rows={rows} />
              ) : (
                <Bars rows={rows} name={t(`measure.${measure}`)} measure={MEASURES[measure] as Measure} />
              )}
            </>
          );
        }}
      </Loaded>
    </div>
  );
}

/** Between the picture and the same as a table. */
export function TableSwitch({ table, onChange }: { table: boolean; onChange: (table: boolean) => void }) {
  const t = useText();
  const icon = table ? <ChartNoAxesColumn size={16} aria-hidden /> : <Table2 size={16} aria-hidden />;
  return (
    <Button icon={icon} onPress={() => onChange(!table)}>
      {t(table ? "team.as_chart" : "team.as_table")}
    </Button>
  );
}

function Bars({ rows, name, measure }: { rows: FigureRow[]; name: string; measure: Measure }) {
  const values = rows.map(measure.value);
  // Behind the others stands what all have together, which is no measure for one of them.
  const most = measure.whole ?? Math.max(...values.slice(0, -1).map((value) => value ?? 0), Number.MIN_VALUE);
  return (
    <dl className={styles.bars} aria-label={name}>
      {rows.map((row, at) => {
        const value = values[at] ?? null;
        return (
          <div key={row.key} className={styles.barRow}>
            <dt>
              <bdi>{row.name}</bdi>
            </dt>
            <dd>
              <span className={styles.track} aria-hidden>
                <span className={styles.part} style={{ inlineSize: `${Math.min(1, (value ?? 0) / most) * 100}%` }} />
              </span>
              <span className={styles.value}>{value === null ? "–" : measure.words(value)}</span>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

const maybe = (value: number | null, words: (value: number) => string) => (value === null ? "–" : words(value));

function AsTable({ rows }: { rows: FigureRow[] }) {
  const t = useText();
  const spread = (times: FigureRow["accept_ms"]) =>
    times.p50 === null ? "–" : `${maybe(times.p50, duration)} / ${maybe(times.p90, duration)}`;
  const figure = (id: string, cell: (row: FigureRow) => string, wide = true): Column<FigureRow> => ({
    id,
    name: t(`measure.${id}`),
    width: "minmax(84px, 1fr)",
    align: "end",
    wide,
    cell,
  });
  const columns: Column<FigureRow>[] = [
    {
      id: "name",
      name: t("users.name"),
      width: "minmax(120px, 1.6fr)",
      cell: (row) => <bdi className={styles.strong}>{row.name}</bdi>,
    },
    figure("conversations", (row) => number(row.conversations), false),
    figure("within", (row) => maybe(row.within, percent), false),
    figure("first_response", (row) => spread(row.first_response_ms)),
    figure("accept", (row) => spread(row.accept_ms)),
    figure("resolution", (row) => spread(row.resolution_ms)),
    figure("satisfaction", ({ satisfaction: { mean, n } }) =>
      maybe(mean, (stars) => `${number(Math.round(stars * 10) / 10)} (${number(n)})`),
    ),
    figure("human_share", (row) => maybe(row.human_share, percent)),
    figure("missed", (row) => number(row.missed)),
  ];
  return (
    <>
      <p className={styles.quiet}>{t("team.spread")}</p>
      <Table label={t("team.figures")} columns={columns} rows={rows} rowKey={({ key }) => key} />
    </>
  );
}
