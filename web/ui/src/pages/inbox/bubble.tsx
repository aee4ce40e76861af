import { Link } from "@tanstack/react-router";
import { Bot, FileText, Lock, Reply, RotateCcw, Smartphone } from "lucide-react";
import { memo } from "react";
import { resendMessage, type Said } from "~/api/inbox";
import { useSession } from "~/api/session";
import { useText } from "~/i18n";
import { clockTime } from "~/i18n/format";
import { Button, IconButton } from "~/ui/button";
import { formatted, OrderLines } from "~/ui/said";
import { toastError } from "~/ui/toast";
import { TroubleText } from "~/ui/trouble";
import { useLook } from "./attached";
import { Media } from "./media";
import styles from "./messages.module.css";
import { Ticks } from "./ticks";
import type { Pending } from "./use-messages";

interface Props {
  chat: string;
  message: Said;
  /** The one before it is by the same, just now: the name is not said again. */
  follows: boolean;
  /** Whether the reader may answer. */
  may: boolean;
  onQuote: (message: Said) => void;
}

/** One message, or a note that only colleagues see. */
export const Bubble = memo(function Bubble({ chat, message, follows, may, onQuote }: Props) {
  const t = useText();
  const { direction, type, text } = message;
  const side = direction === "in" ? styles.in : direction === "note" ? styles.note : styles.out;
  const failed = message.status === "failed";
  const empty = !text && !message.media && !message.order && type !== "location";
  return (
    <li className={`${styles.line} ${side} ${follows ? styles.follows : ""}`} data-message={message.id}>
      <div className={`${styles.bubble} ${failed ? styles.failed : ""}`}>
        {!follows && <Author message={message} />}
        {message.quote && (
          <blockquote className={styles.quote} dir="auto">
            {message.quote.text ? formatted(message.quote.text) : t("inbox.quoted")}
          </blockquote>
        )}
        <Media message={message} />
        {text && (
          <p className={styles.text} dir="auto">
            {formatted(text)}
          </p>
        )}
        {message.order && <OrderLines order={message.order} />}
        {empty && <p className={styles.quiet}>{t(type === "order" ? "inbox.order" : "inbox.no_text")}</p>}
        {message.buttons.length > 0 && (
          <ul className={styles.offered} aria-label={t("inbox.buttons")}>
            {message.buttons.map((button) => (
              <li key={button} dir="auto">
                {button}
              </li>
            ))}
          </ul>
        )}
        <p className={styles.foot}>
          {message.template && <bdi>{message.template}</bdi>}
          <time dateTime={message.at}>{clockTime(new Date(message.at))}</time>
          {direction === "out" && <Ticks status={message.status} />}
        </p>
        {message.reactions.length > 0 && (
          <span className={styles.reactions} role="img" aria-label={t("inbox.reacted")}>
            {message.reactions.map(({ by, emoji }) => (
              <span key={`${by} ${emoji}`}>{emoji}</span>
            ))}
          </span>
        )}
        {may && direction === "in" && (
          <span className={styles.act}>
            <IconButton
              size="s"
              label={t("inbox.quote")}
              icon={<Reply size={14} aria-hidden className="flip" />}
              onPress={() => onQuote(message)}
            />
          </span>
        )}
      </div>
      {failed && <Failed chat={chat} message={message} may={may} />}
    </li>
  );
});

function Author({ message }: { message: Said }) {
  const t = useText();
  const me = useSession().user.id;
  const { by, agent, run } = message;
  const flow = message.flow_name ?? message.flow;
  if (by === "customer") return null;
  const name = agent ? agent.id === me ? t("inbox.you") : <bdi>{agent.name}</bdi> : null;
  return (
    <p className={styles.author}>
      {message.direction === "note" && <Lock size={12} aria-hidden />}
      {by === "flow" && <Bot size={13} aria-hidden />}
      {by === "app" && <Smartphone size={12} aria-hidden />}
      {name}
      {by === "app" && t("inbox.from_app")}
      {by === "system" && t("inbox.automatic")}
      {by === "flow" &&
        (run ? (
          <Link to="/runs/$id" params={{ id: run }}>
            <bdi>{flow}</bdi>
          </Link>
        ) : (
          <bdi>{flow ?? t("inbox.bot")}</bdi>
        ))}
      {message.direction === "note" && <span className={styles.quiet}>{t("inbox.note_who")}</span>}
    </p>
  );
}

function Failed({ chat, message, may }: { chat: string; message: Said; may: boolean }) {
  const t = useText();
  const { error } = message;
  return (
    <p className={styles.reason}>
      <span>
        {t("inbox.failed")} {error && <TroubleText text={`${error.code} ${error.words}`.trim()} />}
      </span>
      {may && (
        <Button
          size="s"
          icon={<RotateCcw size={13} aria-hidden />}
          onPress={() => void resendMessage(chat, message.id).catch(toastError)}
        >
          {t("inbox.resend")}
        </Button>
      )}
    </p>
  );
}

/** A file on its way, and how much of it is there. */
function Going({ file, part }: { file: File; part: number | null }) {
  const look = useLook(file);
  return (
    <>
      {look ? (
        <span className={styles.picture}>
          <img src={look} alt={file.name} />
        </span>
      ) : (
        <span className={styles.file}>
          <FileText size={18} aria-hidden />
          <bdi>{file.name}</bdi>
        </span>
      )}
      {part !== null && part < 1 && <progress className={styles.progress} value={part} aria-label={file.name} />}
    </>
  );
}

/** A message of ours on its way to the server, or refused by it. */
export function PendingBubble({ one, onAgain, onDrop }: { one: Pending; onAgain: () => void; onDrop: () => void }) {
  const t = useText();
  const { error } = one;
  return (
    <li className={`${styles.line} ${styles.out}`}>
      <div className={`${styles.bubble} ${error ? styles.failed : styles.waiting}`}>
        {one.file && <Going file={one.file.file} part={error ? null : one.file.part} />}
        {one.shown && (
          <p className={styles.text} dir="auto">
            {one.shown}
          </p>
        )}
        {!error && (
          <p className={styles.foot}>
            <Ticks status="sending" />
          </p>
        )}
      </div>
      {error && (
        <p className={styles.reason} role="alert">
          <span>
            {t("inbox.not_sent")} <bdi>{error.code === "offline" ? t("error.offline") : error.message}</bdi>
          </span>
          <Button size="s" icon={<RotateCcw size={13} aria-hidden />} onPress={onAgain}>
            {t("ui.retry")}
          </Button>
          <Button size="s" look="plain" onPress={onDrop}>
            {t("inbox.drop")}
          </Button>
        </p>
      )}
    </li>
  );
}
