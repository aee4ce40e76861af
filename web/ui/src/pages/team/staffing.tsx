import { useQuery } from "@tanstack/react-query";
import { CalendarClock, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { type StaffHour, type Staffing, staffingQuery, teamsQuery } from "~/api/desk";
import { useText } from "~/i18n";
import { duration, listed, number, percent, weekday, weekHour } from "~/i18n/format";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { Pick } from "~/ui/pick";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import { TableSwitch } from "./figures";
import styles from "./staffing.module.css";
import shared from "./team.module.css";

/** Hours of a day. */
const DAY = 24;
/** Hours between which a day is always shown, so that a week with little in it is still a week. */
const [MORNING, EVENING] = [9, 17];
/** So many of the hours with too few are named. */
const NAMED = 5;

/** How many people each hour of the week needs, beside how many are there: as a week, or hour by hour of a day. */
export function StaffingTab() {
  const t = useText();
  const [team, setTeam] = useState("");
  const [table, setTable] = useState(false);
  const { data } = useQuery(teamsQuery);
  const read = useQuery(staffingQuery(team));
  return (
    <div className={shared.tab}>
      <div className={shared.filters}>
        <Pick label={t("inbox.team")} value={team} onChange={setTeam}>
          <option value="">{t("team.all_teams")}</option>
          {data?.teams.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </Pick>
        <TableSwitch table={table} onChange={setTable} />
      </div>
      <Loaded read={read}>
        {(staffing) =>
          staffing.hours.length === 0 ? (
            <Empty icon={CalendarClock} title={t("team.no_figures")} text={t("team.no_figures_text")} />
          ) : (
            <>
              <Verdict staffing={staffing} />
              {table ? <OneDay staffing={staffing} /> : <Week staffing={staffing} />}
              <Method staffing={staffing} />
            </>
          )
        }
      </Loaded>
    </div>
  );
}

/** How many more are there than needed; less than 0 is too few. */
const spare = ({ needed, present }: StaffHour) => Math.round(present) - needed;
const known = ({ weeks }: StaffHour) => weeks > 0;
const idle = (hour: StaffHour) => !known(hour) || (hour.needed === 0 && Math.round(hour.present) === 0);

function Verdict({ staffing: { hours, zone } }: { staffing: Staffing }) {
  const t = useText();
  const short = hours.filter((hour) => known(hour) && spare(hour) < 0);
  if (short.length === 0) return <p>{t("team.enough")}</p>;
  const worst = short.toSorted((one, other) => spare(one) - spare(other)).slice(0, NAMED);
  const names = worst.map(({ at }) => weekHour(new Date(at), zone));
  return (
    <p className={shared.short}>
      <TriangleAlert size={16} aria-hidden />
      {t("team.short", { n: short.length, at: listed(short.length > NAMED ? [...names, "…"] : names) })}
    </p>
  );
}

/** A row for each day, a column for each hour of the working day, and for those before and after that matter. What colour says, the sign says as well. */
function Week({ staffing: { hours, zone } }: { staffing: Staffing }) {
  const t = useText();
  const busy = hours.filter((hour) => !idle(hour)).map(({ hour }) => hour);
  const [from, to] = busy.length > 0 ? [Math.min(...busy, MORNING), Math.max(...busy, EVENING) + 1] : [0, DAY];
  const days = Array.from({ length: hours.length / DAY }, (_, day) => hours.slice(day * DAY + from, day * DAY + to));
  return (
    <figure className={styles.week}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keys. */}
      <section className={styles.scroller} tabIndex={0} aria-label={t("team.staffing")}>
        <table className={styles.grid}>
          <caption className="hidden">{t("team.staffing_grid")}</caption>
          <thead>
            <tr>
              <td />
              {days[0]?.map(({ hour }) => (
                <th key={hour} scope="col">
                  {number(hour)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map(([first, ...rest]) =>
              first ? (
                <tr key={first.weekday}>
                  <th scope="row">{weekday(new Date(first.at), zone)}</th>
                  {[first, ...rest].map((hour) => (
                    <Cell key={hour.hour} hour={hour} zone={zone} />
                  ))}
                </tr>
              ) : null,
            )}
          </tbody>
        </table>
      </section>
      <figcaption className={styles.legend}>
        <span>
          <span className={styles.lack} dir="ltr">
            −1
          </span>{" "}
          {t("team.legend_lack")}
        </span>
        <span>
          <span className={styles.even}>0</span> {t("team.legend_there")}
        </span>
        <span>
          <span className={styles.more} dir="ltr">
            +1
          </span>{" "}
          {t("team.legend_spare")}
        </span>
        <span>
          <span className={styles.none}>·</span> {t("team.legend_none")}
        </span>
      </figcaption>
    </figure>
  );
}

function Cell({ hour, zone }: { hour: StaffHour; zone: string }) {
  const t = useText();
  const at = weekHour(new Date(hour.at), zone);
  const present = number(Math.round(hour.present * 10) / 10);
  const words = known(hour)
    ? t(hour.open ? "team.hour" : "team.hour_closed", { at, needed: hour.needed, present })
    : t("team.hour_unknown", { at });
  const left = spare(hour);
  const nothing = idle(hour);
  const look = nothing ? styles.none : left < 0 ? styles.lack : left > 0 ? styles.more : styles.even;
  return (
    <td className={look} title={words}>
      <span aria-hidden dir="ltr">
        {nothing ? "·" : `${left > 0 ? "+" : left < 0 ? "−" : ""}${number(Math.abs(left))}`}
      </span>
      <span className="hidden">{words}</span>
    </td>
  );
}

function OneDay({ staffing: { hours, zone } }: { staffing: Staffing }) {
  const t = useText();
  const [day, setDay] = useState(0);
  const tenth = (value: number) => number(Math.round(value * 10) / 10);
  const figure = (id: "needed" | "present" | "arrivals"): Column<StaffHour> => ({
    id,
    name: t(`team_hour.${id}`),
    width: "minmax(80px, 1fr)",
    align: "end",
    cell: (hour) => (known(hour) ? tenth(hour[id]) : "–"),
  });
  const columns: Column<StaffHour>[] = [
    {
      id: "at",
      name: t("team_hour.at"),
      width: "minmax(110px, 1fr)",
      cell: (hour) => (
        <>
          {weekHour(new Date(hour.at), zone)}
          {!hour.open && <span className={shared.quiet}> {t("team.closed")}</span>}
        </>
      ),
    },
    figure("arrivals"),
    figure("needed"),
    figure("present"),
  ];
  const shown = hours.slice(day * DAY, (day + 1) * DAY);
  return (
    <>
      <div className={shared.filters}>
        <Pick label={t("team_hour.day")} value={String(day)} onChange={(value) => setDay(Number(value))}>
          {hours
            .filter(({ hour }) => hour === 0)
            .map(({ at, weekday: n }) => (
              <option key={n} value={n - 1}>
                {weekday(new Date(at), zone)}
              </option>
            ))}
        </Pick>
      </div>
      <Table label={t("team.staffing")} columns={columns} rows={shown} rowKey={({ at, hour }) => `${at} ${hour}`} />
    </>
  );
}

/** What the numbers rest on. */
function Method({ staffing }: { staffing: Staffing }) {
  const t = useText();
  const { places, share, within_ms, handling_ms, handled } = staffing;
  const time = duration(handling_ms);
  return (
    <p className={shared.quiet}>
      {t("team.method", { places, share: percent(share), within: duration(within_ms) })}{" "}
      {handled > 0 ? t("team.method_handled", { time, n: handled }) : t("team.method_assumed", { time })}{" "}
      {t("team.method_since")} <Time at={staffing.since} as="short" />.
    </p>
  );
}
