import { deskQuery } from "~/api/desk";
import { mentionsQuery } from "~/api/inbox";
import type { Notice } from "~/api/live";
import { queries } from "~/api/queries";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { router } from "~/router";
import { useNotices } from "~/shell/follow";
import { toastNews } from "~/ui/toast";

interface Mention {
  conversation: string;
  by: string | null;
  to: string[];
}

/** Says that a colleague names whoever is signed in here in a note, and leads there. */
export function useMentions(): void {
  const t = useText();
  const me = useSession().user.id;
  const openTalk = (conversation: string) =>
    void router.navigate({ to: "/inbox/$conversation", params: { conversation }, search: {} });
  useNotices(({ kind, id, more }: Notice) => {
    if (kind !== "mention") return;
    void queries.invalidateQueries({ queryKey: mentionsQuery.queryKey });
    if (id === null) return;
    const { conversation, by, to } = more as unknown as Mention;
    const here = router.state.location.pathname.endsWith(`/${conversation}`) && document.hasFocus();
    if (by === me || here || !to.includes(me)) return;
    const agents = queries.getQueryData(deskQuery.queryKey)?.agents;
    const who = agents?.find(({ user }) => user.id === by)?.user.name;
    const words = who ? t("desk.mentioned_by", { who }) : t("desk.mentioned");
    toastNews(words, { label: t("desk.mention_open"), do: () => openTalk(conversation) });
    if (document.hasFocus() || !("Notification" in window) || Notification.permission !== "granted") return;
    const note = new Notification(words, { tag: id });
    note.onclick = () => {
      window.focus();
      openTalk(conversation);
    };
  });
}
