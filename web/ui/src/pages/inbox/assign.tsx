import { useQuery } from "@tanstack/react-query";
import { teamsQuery } from "~/api/desk";
import { assign, type Chat } from "~/api/inbox";
import { useSession } from "~/api/session";
import { useDesk } from "~/desk/use-desk";
import { useText } from "~/i18n";
import { Pick } from "~/ui/pick";
import { toast, toastError } from "~/ui/toast";

/** Whose conversation it is, and passing it on: to a person, to a team, to nobody. */
export function Assign({ chat }: { chat: Chat }) {
  const t = useText();
  const me = useSession().user;
  const { data: desk } = useDesk();
  const { data: teams } = useQuery(teamsQuery);
  const { assignee } = chat;
  const before = { agent: assignee?.id ?? null, team: chat.team };
  const agents = (desk?.agents ?? []).filter(({ user }) => user.id !== me.id && user.id !== assignee?.id);
  const pass = async (to: string) => {
    const [kind, id = ""] = to.split(" ");
    try {
      await assign(chat.id, kind === "team" ? { agent: null, team: id } : { agent: id || null, team: chat.team });
      const name =
        agents.find(({ user }) => user.id === id)?.user.name ?? teams?.teams.find((team) => team.id === id)?.name;
      toast(
        name ? t("inbox.passed", { name }) : t("inbox.passed_on"),
        () => void assign(chat.id, before).catch(toastError),
      );
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <Pick
      compact
      label={t("inbox.with")}
      value={assignee ? `agent ${assignee.id}` : "nobody"}
      onChange={(to) => void pass(to)}
    >
      <option value="nobody">{t("inbox.nobody")}</option>
      {assignee && assignee.id !== me.id && <option value={`agent ${assignee.id}`}>{assignee.name}</option>}
      <option value={`agent ${me.id}`}>{t("inbox.me", { name: me.name })}</option>
      {agents.length > 0 && (
        <optgroup label={t("inbox.colleagues")}>
          {agents.map(({ user, state, online }) => (
            <option key={user.id} value={`agent ${user.id}`}>
              {`${user.name} · ${t(`presence.${online ? state : "offline"}`)}`}
            </option>
          ))}
        </optgroup>
      )}
      {teams && teams.teams.length > 0 && (
        <optgroup label={t("inbox.teams")}>
          {teams.teams.map((team) => (
            <option key={team.id} value={`team ${team.id}`}>
              {team.name}
            </option>
          ))}
        </optgroup>
      )}
    </Pick>
  );
}
