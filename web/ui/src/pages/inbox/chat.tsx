import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, Bot, CheckCheck, PanelRight, UserPlus } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import {
  assign,
  type ChatDetail,
  chatQuery,
  closeChat,
  markRead,
  reopenChat,
  type Said,
  seeMentions,
  steerBot,
} from "~/api/inbox";
import { useCan, useSession } from "~/api/session";
import { useText } from "~/i18n";
import { clockTime, listed } from "~/i18n/format";
import { useNotices } from "~/shell/follow";
import { Button, IconButton } from "~/ui/button";
import { Loaded } from "~/ui/page";
import { PersonName } from "~/ui/person";
import { Badge } from "~/ui/status";
import { toast, toastError } from "~/ui/toast";
import { Assign } from "./assign";
import styles from "./chat.module.css";
import { Composer } from "./composer";
import { MessageList } from "./messages";
import { useMessages } from "./use-messages";

const More = lazy(() => import("./more"));
const Side = lazy(() => import("./side"));

/** One conversation: what was said, the answer, and beside it who it is. */
export function ChatPane({ id }: { id: string }) {
  const chat = useQuery(chatQuery(id));
  return (
    <div className={styles.pane}>
      <Loaded read={chat}>{(found) => <Opened chat={found} />}</Loaded>
    </div>
  );
}

function Opened({ chat }: { chat: ChatDetail }) {
  const can = useCan();
  const me = useSession().user.id;
  const messages = useMessages(chat.id);
  const [quote, setQuote] = useState<Said | null>(null);
  const [side, setSide] = useState(false);
  const works = can("inbox.work");
  const mine = works && (chat.assignee === null || chat.assignee.id === me || can("inbox.all"));
  useReading(chat, chat.assignee?.id === me);
  return (
    <>
      <div className={styles.chat}>
        <Header chat={chat} side={side} onSide={() => setSide(!side)} works={works} />
        <BotBanner chat={chat} may={mine} />
        <MessageList chat={chat} messages={messages} may={mine} onQuote={setQuote} />
        <Company chat={chat} />
        {works && <Composer chat={chat} messages={messages} quote={quote} onQuote={setQuote} mine={mine} />}
      </div>
      <div className={`${styles.side} ${side ? styles.sideOpen : ""}`}>
        <Suspense>
          <Side chat={chat} may={mine} onClose={() => setSide(false)} />
        </Suspense>
      </div>
    </>
  );
}

/** What is read by whoever has it is no longer unread; a note that names somebody, once that one has it before them. */
function useReading(chat: ChatDetail, mine: boolean): void {
  useOnceSeen(chat.id, chat.unread > 0 && mine, markRead);
  useOnceSeen(chat.id, chat.mentions > 0, seeMentions);
}

function useOnceSeen(id: string, wanted: boolean, tell: (id: string) => Promise<unknown>): void {
  useEffect(() => {
    if (!wanted) return;
    const seen = () => {
      if (document.visibilityState === "visible") void tell(id).catch(() => {});
    };
    seen();
    document.addEventListener("visibilitychange", seen);
    return () => document.removeEventListener("visibilitychange", seen);
  }, [wanted, id, tell]);
}

interface HeaderProps {
  chat: ChatDetail;
  side: boolean;
  onSide: () => void;
  works: boolean;
}

function Header({ chat, side, onSide, works }: HeaderProps) {
  const t = useText();
  const me = useSession().user.id;
  const { contact } = chat;
  const close = () =>
    void closeChat(chat.id, false).then(
      () => toast(t("inbox.was_closed"), () => void reopenChat(chat.id).catch(toastError)),
      toastError,
    );
  return (
    <header className={styles.head}>
      <Link to="/inbox" search={(old) => old} className={styles.back} aria-label={t("inbox.back")}>
        <ArrowLeft size={20} aria-hidden className="flip" />
      </Link>
      <h2 className={styles.name}>
        <PersonName name={contact.name} phone={contact.phone} />
      </h2>
      {chat.state === "closed" && <Badge tone="idle">{t("inbox.closed")}</Badge>}
      {works && chat.state === "open" && (
        <>
          <Assign chat={chat} />
          {chat.assignee === null ? (
            <Button
              look="primary"
              size="s"
              icon={<UserPlus size={14} aria-hidden />}
              onPress={() => void assign(chat.id, { agent: me, team: chat.team }).catch(toastError)}
            >
              {t("inbox.take")}
            </Button>
          ) : (
            <Button size="s" icon={<CheckCheck size={14} aria-hidden />} onPress={close}>
              {t("inbox.close")}
            </Button>
          )}
        </>
      )}
      <Suspense>{works && <More chat={chat} />}</Suspense>
      <span className={styles.sideButton}>
        <IconButton
          size="s"
          label={t("inbox.details")}
          aria-expanded={side}
          icon={<PanelRight size={16} aria-hidden className="flip" />}
          onPress={onSide}
        />
      </span>
    </header>
  );
}

/** Whether a flow talks here too, and who has the word. */
function BotBanner({ chat, may }: { chat: ChatDetail; may: boolean }) {
  const t = useText();
  const { state, until, run } = chat.bot;
  const flow = chat.bot.flow_name ?? chat.bot.flow;
  if (state === "none" || chat.state === "closed") return null;
  const steer = (what: "continue" | "end" | "pause") =>
    void steerBot(chat.id, what, run ?? undefined).catch(toastError);
  const words =
    state === "working"
      ? t("inbox.bot_talks")
      : until
        ? t("inbox.bot_paused_until", { time: clockTime(new Date(until)) })
        : t("inbox.bot_paused");
  return (
    <div className={styles.bot}>
      <Bot size={16} aria-hidden />
      <p>
        {words} {flow && <bdi className={styles.flow}>{flow}</bdi>}
      </p>
      {may && state === "working" && (
        <Button size="s" onPress={() => steer("pause")}>
          {t("inbox.bot_pause")}
        </Button>
      )}
      {may && state === "paused" && (
        <>
          <Button size="s" onPress={() => steer("continue")}>
            {t("inbox.bot_continue")}
          </Button>
          {run && (
            <Button size="s" look="plain" onPress={() => steer("end")}>
              {t("inbox.bot_end")}
            </Button>
          )}
        </>
      )}
    </div>
  );
}

/** Somebody who writes says so each three seconds: silent for longer, they stopped. */
const TYPES_MS = 6_000;

/** Who else has this conversation open, and who is writing. */
function Company({ chat }: { chat: ChatDetail }) {
  const t = useText();
  const me = useSession().user.id;
  const [typing, setTyping] = useState<Record<string, string>>({});
  useNotices(({ kind, id, more }) => {
    if (kind !== "typing" || id !== chat.id || more.user === me) return;
    setTyping((old) => ({ ...old, [String(more.user)]: String(more.name) }));
  });
  useEffect(() => {
    if (Object.keys(typing).length === 0) return;
    const timer = setTimeout(() => setTyping({}), TYPES_MS);
    return () => clearTimeout(timer);
  }, [typing]);
  const types = Object.values(typing);
  const others = chat.others.filter(({ id, name }) => id !== me && !types.includes(name)).map(({ name }) => name);
  return (
    <p className={styles.company} role="status">
      {types.length > 0 && <span className={styles.types}>{t("inbox.types", { names: listed(types) })}</span>}
      {others.length > 0 && <span>{t("inbox.others", { names: listed(others) })}</span>}
    </p>
  );
}
