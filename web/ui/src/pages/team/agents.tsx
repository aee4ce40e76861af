import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { MessagesSquare, UsersRound } from "lucide-react";
import { type Agent, type Desk, teamsQuery } from "~/api/desk";
import { Lamp } from "~/desk/presence";
import { useDesk } from "~/desk/use-desk";
import { useText } from "~/i18n";
import { duration, languageName, listed, number, percent } from "~/i18n/format";
import { LinkButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { type Column, Table } from "~/ui/table";
import { Duration } from "~/ui/time";
import styles from "./team.module.css";

/** Who is there right now, what they carry, and how today goes. */
export function AgentsTab() {
  const t = useText();
  const read = useDesk();
  return (
    <Loaded read={read}>
      {(desk) => (
        <div className={styles.tab}>
          <Tiles desk={desk} />
          <div className={styles.bar}>
            <h2>{t("team.agents")}</h2>
            <LinkButton to="/inbox" search={{ box: "all" }} icon={<MessagesSquare size={16} aria-hidden />}>
              {t("team.all_conversations")}
            </LinkButton>
          </div>
          <Agents agents={desk.agents} />
        </div>
      )}
    </Loaded>
  );
}

function Tiles({ desk }: { desk: Desk }) {
  const t = useText();
  const { today, waiting, agents } = desk;
  const there = agents.filter(({ online, state }) => online && state === "available").length;
  const tiles: [string, string, boolean?][] = [
    [t("team.waiting"), number(waiting.length), waiting.length > 0],
    [t("team.there"), t("team.of", { n: number(there), all: number(agents.length) }), there === 0],
    [t("team.kept"), today.taken > 0 ? percent(today.kept / today.taken) : "–"],
    [t("team.median"), today.median_ms === null ? "–" : duration(today.median_ms)],
    [t("team.missed"), number(today.missed), today.missed > 0],
    [t("team.out_of_hours"), number(today.out_of_hours)],
  ];
  return (
    <dl className={styles.tiles}>
      {tiles.map(([name, value, bad]) => (
        <div key={name} className={styles.tile}>
          <dt>{name}</dt>
          <dd className={bad ? styles.bad : ""}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Agents({ agents }: { agents: Agent[] }) {
  const t = useText();
  const { data } = useQuery(teamsQuery);
  const names = new Map(data?.teams.map(({ id, name }) => [id, name]));
  const columns: Column<Agent>[] = [
    {
      id: "name",
      name: t("users.name"),
      width: "minmax(130px, 1.6fr)",
      cell: ({ user }) => (
        <Link to="/inbox" search={{ box: "all", agent: user.id }}>
          <bdi>{user.name}</bdi>
        </Link>
      ),
    },
    {
      id: "state",
      name: t("flows.state"),
      width: "minmax(140px, 1.6fr)",
      cell: ({ state, online, since }) => (
        <span className={styles.state}>
          <Lamp state={state} online={online} />
          <span>
            {t(`presence.${online ? state : "offline"}`)}{" "}
            <span className={styles.quiet}>
              <Duration from={since} to={null} />
            </span>
          </span>
        </span>
      ),
    },
    {
      id: "load",
      name: t("team.load"),
      width: "minmax(90px, 1.2fr)",
      cell: ({ load, limit }) => <Load load={load} limit={limit} />,
    },
    {
      id: "teams",
      name: t("team.teams"),
      width: "minmax(110px, 1.6fr)",
      wide: true,
      cell: ({ teams }) => <bdi>{listed(teams.map((id) => names.get(id) ?? id))}</bdi>,
    },
    {
      id: "languages",
      name: t("teams.languages"),
      width: "minmax(110px, 1.4fr)",
      wide: true,
      cell: ({ languages }) => listed(languages.map(languageName)),
    },
  ];
  return (
    <Table
      label={t("team.agents")}
      columns={columns}
      rows={agents}
      rowKey={({ user }) => user.id}
      empty={
        <Empty icon={UsersRound} title={t("team.nobody")} text={t("team.nobody_text")}>
          <Link to="/settings" search={{ tab: "teams" }}>
            {t("teams.new")}
          </Link>
        </Empty>
      }
    />
  );
}

/** How much somebody carries of what they can. */
function Load({ load, limit }: { load: number; limit: number }) {
  const t = useText();
  const share = Math.min(1, load / Math.max(1, limit));
  return (
    <span className={styles.load}>
      <span className={styles.track} aria-hidden>
        <span className={share >= 1 ? styles.full : styles.part} style={{ inlineSize: `${share * 100}%` }} />
      </span>
      <span>{t("team.of", { n: number(load), all: number(limit) })}</span>
    </span>
  );
}
