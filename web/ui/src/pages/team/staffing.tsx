import { useQuery } from "@tanstack/react-query";
import { CalendarClock, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { ApiError } from "~/api/client";
import { type StaffHour, staffingQuery } from "~/api/desk";
import { useText } from "~/i18n";
import { clockTime, listed, number } from "~/i18n/format";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { type Column, Table } from "~/ui/table";
import { TableSwitch } from "./figures";
import styles from "./team.module.css";

/** How many people each hour needs, beside how many are there. */
export function StaffingTab() {
  const t = useText();
  // A server that does not count yet says so with 404: there are no figures.
  const read = useQuery(staffingQuery);
  const missing = read.error instanceof ApiError && read.error.status === 404;
  const [table, setTable] = useState(false);
  return (
    <Loaded read={missing ? { ...read, data: [] } : read}>
      {(hours) =>
        hours.length === 0 ? (
          <Empty icon={CalendarClock} title={t("team.no_figures")} text={t("team.no_figures_text")} />
        ) : (
          <div className={styles.tab}>
            <div className={styles.bar}>
              <Verdict hours={hours} />
              <TableSwitch table={table} onChange={setTable} />
            </div>
            {table ? <AsTable hours={hours} /> : <Columns hours={hours} />}
          </div>
        )
      }
    </Loaded>
  );
}

const lacks = ({ needed, present }: StaffHour) => Math.max(0, needed - present);
const hourOf = ({ at }: StaffHour) => clockTime(new Date(at));

function Verdict({ hours }: { hours: StaffHour[] }) {
  const t = useText();
  const short = hours.filter((hour) => lacks(hour) > 0);
  if (short.length === 0) return <p>{t("team.enough")}</p>;
  return (
    <p className={styles.short}>
      <TriangleAlert size={16} aria-hidden />
      {t("team.short", { n: short.length, at: listed(short.map(hourOf)) })}
    </p>
  );
}

function Columns({ hours }: { hours: StaffHour[] }) {
  const t = useText();
  const most = Math.max(1, ...hours.map(({ needed, present }) => Math.max(needed, present)));
  const block = (people: number) => ({ blockSize: `${(people / most) * 100}%` });
  return (
    <figure className={styles.chart}>
      <ol className={styles.columns} aria-label={t("team.staffing")}>
        {hours.map((hour) => (
          <li
            key={hour.at}
            className={styles.hour}
            title={t("team.hour", { at: hourOf(hour), needed: hour.needed, present: hour.present })}
          >
            <span className="hidden">
              {t("team.hour", { at: hourOf(hour), needed: hour.needed, present: hour.present })}
            </span>
            <span className={styles.stack} aria-hidden>
              <span className={styles.there} style={block(Math.min(hour.present, hour.needed))} />
              <span className={styles.lack} style={block(lacks(hour))} />
              <span className={styles.spare} style={block(Math.max(0, hour.present - hour.needed))} />
            </span>
            <span className={styles.tick} aria-hidden dir="ltr">
              {new Date(hour.at).getHours()}
            </span>
          </li>
        ))}
      </ol>
      <figcaption className={styles.legend}>
        <span className={styles.there}>{t("team.legend_there")}</span>
        <span className={styles.lack}>{t("team.legend_lack")}</span>
        <span className={styles.spare}>{t("team.legend_spare")}</span>
      </figcaption>
    </figure>
  );
}

function AsTable({ hours }: { hours: StaffHour[] }) {
  const t = useText();
  const figure = (id: "needed" | "present" | "arrivals"): Column<StaffHour> => ({
    id,
    name: t(`team_hour.${id}`),
    width: "minmax(80px, 1fr)",
    align: "end",
    cell: (hour) => number(hour[id]),
  });
  const columns: Column<StaffHour>[] = [
    { id: "at", name: t("team_hour.at"), width: "minmax(80px, 1fr)", cell: hourOf },
    figure("arrivals"),
    figure("needed"),
    figure("present"),
  ];
  return <Table label={t("team.staffing")} columns={columns} rows={hours} rowKey={({ at }) => at} />;
}
