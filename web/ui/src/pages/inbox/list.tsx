import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Archive, AtSign, Bot, CircleAlert, Inbox, Lock, TriangleAlert } from "lucide-react";
import { BOXES, type Box, type Chat, type ChatFilter, type Counts, chatsQuery } from "~/api/inbox";
import { useCan, useSession } from "~/api/session";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Empty } from "~/ui/empty";
import field from "~/ui/field.module.css";
import { Loaded } from "~/ui/page";
import { PersonName } from "~/ui/person";
import { Time } from "~/ui/time";
import styles from "./list.module.css";
import { MentionList } from "./mentions";
import { Ticks } from "./ticks";
import { useEnd } from "./use-end";

interface Props {
  filter: ChatFilter;
  open: string | null;
  text: string;
  onText: (text: string) => void;
}

/** Conversations of one box, the one that spoke last on top. */
export function ChatList({ filter, open, text, onText }: Props) {
  const t = useText();
  const named = filter.box === "mentions";
  const read = useInfiniteQuery(chatsQuery(named ? { box: "mine" } : filter));
  const chats = read.data?.pages.flatMap((page) => page.conversations);
  const counts = read.data?.pages[0]?.counts;
  const end = useEnd(read);
  if (named) {
    return (
      <nav className={styles.list} aria-label={t("inbox.conversations")}>
        <Boxes box={filter.box} counts={counts} />
        <MentionList open={open} />
      </nav>
    );
  }
  return (
    <nav className={styles.list} aria-label={t("inbox.conversations")}>
      <Boxes box={filter.box} counts={counts} />
      <input
        type="search"
        className={`${field.input} ${styles.search}`}
        aria-label={t("inbox.find")}
        placeholder={t("inbox.find")}
        value={text}
        onChange={(event) => onText(event.target.value)}
      />
      <Loaded read={{ ...read, data: chats }} lines={10}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon={Inbox} title={t(filter.text ? "ui.nothing" : `inbox_none.${filter.box}`)} />
          ) : (
            <ul className={styles.rows}>
              {found.map((chat) => (
                <Row key={chat.id} chat={chat} here={chat.id === open} />
              ))}
              {read.hasNextPage && <li ref={end} className={styles.end} />}
            </ul>
          )
        }
      </Loaded>
    </nav>
  );
}

function Boxes({ box, counts }: { box: Box; counts: Counts | undefined }) {
  const t = useText();
  const can = useCan();
  const shown = BOXES.filter((one) => one !== "all" || can("inbox.all"));
  return (
    <ul className={styles.boxes}>
      {shown.map((one) => (
        <li key={one}>
          <Link
            to="/inbox"
            search={(old) => ({ ...old, box: one })}
            className={one === box ? styles.boxHere : styles.box}
            aria-current={one === box ? "true" : undefined}
            title={t(`box.${one}`)}
          >
            <BoxName box={one} />
            {one !== "closed" && counts !== undefined && (one !== "mentions" || counts.mentions > 0) && (
              <span className={styles.count}>{number(counts[one])}</span>
            )}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function BoxName({ box }: { box: Box }) {
  const t = useText();
  if (box === "closed") return <Archive size={15} role="img" aria-label={t("box.closed")} />;
  if (box === "mentions") return <AtSign size={15} role="img" aria-label={t("box.mentions")} />;
  return t(`box.${box}`);
}

function Row({ chat, here }: { chat: Chat; here: boolean }) {
  const t = useText();
  const me = useSession().user.id;
  const { contact, last_message: last, assignee } = chat;
  return (
    <li>
      <Link
        to="/inbox/$conversation"
        params={{ conversation: chat.id }}
        search={(old) => old}
        className={`${styles.row} ${here ? styles.here : ""} ${chat.unread > 0 ? styles.unread : ""}`}
        aria-current={here ? "page" : undefined}
      >
        <span className={styles.top}>
          <span className={styles.name}>
            <PersonName name={contact.name} phone={contact.phone} />
          </span>
          {contact.priority === "high" && (
            <CircleAlert size={14} role="img" aria-label={t("priority.high")} className={styles.high} />
          )}
          {chat.escalation && (
            <TriangleAlert size={14} role="img" aria-label={t("inbox.escalated")} className={styles.high} />
          )}
          <span className={styles.when}>
            <Time at={last?.at} />
          </span>
        </span>
        <span className={styles.bottom}>
          {last?.direction === "out" && <Ticks status={last.status} />}
          {last?.direction === "note" && <Lock size={12} role="img" aria-label={t("inbox.note")} />}
          <span className={styles.last} dir="auto">
            {last?.text || t(last?.type === "order" ? "inbox.order" : "inbox.no_text")}
          </span>
          {chat.bot.state === "working" && <Bot size={14} role="img" aria-label={t("inbox.bot_works")} />}
          {assignee && assignee.id !== me && <Initials name={assignee.name} />}
          {chat.unread > 0 && (
            <span className={styles.badge}>
              <span aria-hidden>{number(chat.unread)}</span>
              <span className="hidden">{t("inbox.unread", { n: chat.unread })}</span>
            </span>
          )}
        </span>
      </Link>
    </li>
  );
}

/** Whose it is, in two letters; the whole name is in the tip and read out. */
function Initials({ name }: { name: string }) {
  const letters = name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? "")
    .join("");
  return (
    <span className={styles.initials} title={name}>
      <span aria-hidden>{letters}</span>
      <bdi className="hidden">{name}</bdi>
    </span>
  );
}
