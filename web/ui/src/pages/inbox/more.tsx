import { useQuery } from "@tanstack/react-query";
import { MessageCircleQuestion, MoreHorizontal, RotateCcw, Siren, Ticket, Workflow } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { teamsQuery } from "~/api/desk";
import { type Chat, closeChat, reopenChat, startableQuery } from "~/api/inbox";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import { Menu, type MenuEntry } from "~/ui/menu";
import { toast, toastError } from "~/ui/toast";

const Actions = lazy(() => import("./actions"));

export type Action = "flow" | "ticket" | "escalate";

/** What is done now and then with a conversation. */
export default function More({ chat }: { chat: Chat }) {
  const t = useText();
  const [doing, setDoing] = useState<Action | null>(null);
  const flows = useQuery(startableQuery(chat.id));
  const { data: teams } = useQuery(teamsQuery);
  const closeAndAsk = () =>
    void closeChat(chat.id, true).then(
      () => toast(t("inbox.was_closed"), () => void reopenChat(chat.id).catch(toastError)),
      toastError,
    );
  const entries: MenuEntry[] = [
    {
      id: "ticket",
      label: t("inbox.ticket"),
      icon: <Ticket size={16} aria-hidden />,
      do: () => setDoing("ticket"),
    },
  ];
  if (flows.data && flows.data.length > 0) {
    const icon = <Workflow size={16} aria-hidden />;
    entries.unshift({ id: "flow", label: t("inbox.flow_start"), icon, do: () => setDoing("flow") });
  }
  if (chat.state === "open" && teams && teams.teams.length > 0) {
    const icon = <Siren size={16} aria-hidden />;
    entries.push({ id: "escalate", label: t("inbox.escalate"), icon, do: () => setDoing("escalate") });
  }
  const last: MenuEntry =
    chat.state === "open"
      ? {
          id: "ask",
          label: t("inbox.close_ask"),
          icon: <MessageCircleQuestion size={16} aria-hidden />,
          apart: true,
          do: closeAndAsk,
        }
      : {
          id: "reopen",
          label: t("inbox.reopen"),
          icon: <RotateCcw size={16} aria-hidden />,
          apart: true,
          do: () => void reopenChat(chat.id).catch(toastError),
        };
  const trigger = <IconButton size="s" label={t("ui.more")} icon={<MoreHorizontal size={16} aria-hidden />} />;
  return (
    <>
      <Menu label={t("ui.more")} trigger={trigger} entries={[...entries, last]} />
      <Suspense>{doing && <Actions chat={chat} action={doing} onClose={() => setDoing(null)} />}</Suspense>
    </>
  );
}
