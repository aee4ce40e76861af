import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { MessagesSquare } from "lucide-react";
import { useEffect, useState } from "react";
import { BOXES, type Box } from "~/api/inbox";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { Empty } from "~/ui/empty";
import { useSettled } from "~/ui/time";
import { useTitle } from "~/ui/title";
import { Board } from "./board";
import { ChatPane } from "./chat";
import styles from "./inbox.module.css";
import { ChatList } from "./list";

const isBox = (text: string | undefined): text is Box => BOXES.includes(text as Box);

/** Who waits, one's conversations, and the one that is open: beside each other, or one after the other on a phone. */
export function InboxPage() {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate({ from: "/inbox" });
  const search = useSearch({ from: "/shell/inbox" });
  const { conversation = null } = useParams({ strict: false });
  const [text, setText] = useState(search.text ?? "");
  const settled = useSettled(text);
  useTitle(t("nav.inbox"));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address follows the field, not the other way round.
  useEffect(() => {
    if (settled === (search.text ?? "")) return;
    void navigate({ to: ".", search: (old) => ({ ...old, text: settled || undefined }), replace: true });
  }, [settled]);
  const { box: wanted, ...rest } = search;
  const box = isBox(wanted) ? wanted : can("inbox.work") ? "mine" : "unassigned";
  return (
    <div className={`${styles.inbox} ${conversation ? styles.reading : ""}`}>
      <h1 className="hidden">{t("nav.inbox")}</h1>
      <div className={styles.board}>
        <Board />
      </div>
      <div className={styles.panes}>
        <div className={styles.list}>
          <ChatList filter={{ ...rest, box }} open={conversation} text={text} onText={setText} />
        </div>
        {conversation ? (
          <ChatPane key={conversation} id={conversation} />
        ) : (
          <div className={styles.none}>
            <Empty icon={MessagesSquare} title={t("inbox.choose")} text={t("inbox.choose_text")} />
          </div>
        )}
      </div>
    </div>
  );
}
