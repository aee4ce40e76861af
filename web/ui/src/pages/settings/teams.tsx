import { useQuery } from "@tanstack/react-query";
import { Pencil, Plus, UsersRound } from "lucide-react";
import { useState } from "react";
import { type StoredProfile, type StoredTeam, teamsQuery } from "~/api/desk";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { duration, languageName, listed, number } from "~/i18n/format";
import { Button, IconButton } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Card, Facts, Loaded } from "~/ui/page";
import { Chip } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { UsesButton } from "~/uses";
import { AgentDialog } from "./agent";
import styles from "./settings.module.css";
import { TeamDialog } from "./team";

/** Who answers for what, how fast, and what happens when nobody does. */
export default function TeamsTab() {
  const t = useText();
  const read = useQuery(teamsQuery);
  const [team, setTeam] = useState<StoredTeam | "new" | null>(null);
  const [agent, setAgent] = useState<StoredProfile | null>(null);
  return (
    <div className={styles.form}>
      <div className={styles.bar}>
        <p className={styles.quiet}>{t("teams.about")}</p>
        <Button look="primary" icon={<Plus size={16} aria-hidden />} onPress={() => setTeam("new")}>
          {t("teams.new")}
        </Button>
      </div>
      <Loaded read={read}>
        {({ teams, agents = [] }) => (
          <>
            {teams.length === 0 && <Empty icon={UsersRound} title={t("teams.none")} text={t("teams.none_text")} />}
            <div className={styles.cards}>
              {teams.map((one) => (
                <TeamCard key={one.id} team={one} onEdit={() => setTeam(one)} />
              ))}
            </div>
            {agents.length > 0 && (
              <>
                <h2>{t("teams.agents")}</h2>
                <Agents agents={agents} onEdit={setAgent} />
              </>
            )}
          </>
        )}
      </Loaded>
      {team && <TeamDialog team={team === "new" ? null : team} onClose={() => setTeam(null)} />}
      {agent && <AgentDialog agent={agent} onClose={() => setAgent(null)} />}
    </div>
  );
}

function TeamCard({ team, onEdit }: { team: StoredTeam; onEdit: () => void }) {
  const t = useText();
  const may = useCan()("flows.read");
  const edit = (
    <span className={styles.card_actions}>
      {may && <UsesButton kind="team" name={team.id} title={team.name} />}
      <IconButton
        size="s"
        label={t("teams.edit", { name: team.name })}
        icon={<Pencil size={16} aria-hidden />}
        onPress={onEdit}
      />
    </span>
  );
  return (
    <Card title={<bdi>{team.name}</bdi>} actions={edit}>
      <Facts
        rows={[
          [
            t("teams.id"),
            <code key="id" dir="ltr">
              {team.id}
            </code>,
          ],
          [t("teams.members"), t("teams.members_n", { n: team.members.length })],
          [t("teams.accept_within"), duration(team.accept_within_ms)],
          [t("teams.calendar"), team.calendar ? <bdi key="calendar">{team.calendar}</bdi> : t("teams.always")],
          [t("teams.fallback"), team.fallback.length > 0 ? listed(team.fallback) : t("teams.fallback_none")],
        ]}
      />
    </Card>
  );
}

function Agents({ agents, onEdit }: { agents: StoredProfile[]; onEdit: (agent: StoredProfile) => void }) {
  const t = useText();
  const columns: Column<StoredProfile>[] = [
    {
      id: "name",
      name: t("users.name"),
      width: "minmax(130px, 1.4fr)",
      cell: ({ user }) => <bdi className={styles.strong}>{user.name}</bdi>,
    },
    {
      id: "languages",
      name: t("teams.languages"),
      width: "minmax(110px, 1.4fr)",
      cell: ({ languages }) => listed(languages.map(languageName)),
    },
    {
      id: "skills",
      name: t("teams.skills"),
      width: "minmax(110px, 1.4fr)",
      wide: true,
      cell: ({ skills }) => (
        <span className={styles.chips}>
          {skills.map((skill) => (
            <Chip key={skill}>
              <bdi>{skill}</bdi>
            </Chip>
          ))}
        </span>
      ),
    },
    {
      id: "limit",
      name: t("teams.limit"),
      width: "minmax(90px, 0.7fr)",
      align: "end",
      wide: true,
      cell: ({ limit }) => (limit === null ? t("teams.as_team") : number(limit)),
    },
    {
      id: "edit",
      name: t("ui.more"),
      width: "36px",
      quiet: true,
      cell: (agent) => (
        <IconButton
          size="s"
          label={t("teams.edit", { name: agent.user.name })}
          icon={<Pencil size={16} aria-hidden />}
          onPress={() => onEdit(agent)}
        />
      ),
    },
  ];
  return <Table label={t("teams.agents")} columns={columns} rows={agents} rowKey={({ user }) => user.id} />;
}
