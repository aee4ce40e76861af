import { ArrowDown } from "lucide-react";
import { Fragment, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { ChatDetail, Said } from "~/api/inbox";
import { useText } from "~/i18n";
import { dayName } from "~/i18n/format";
import { Button } from "~/ui/button";
import { Loaded } from "~/ui/page";
import { Bubble, PendingBubble } from "./bubble";
import styles from "./messages.module.css";
import type { Messages } from "./use-messages";

/** Nearer to the end than this is at the end. */
const END_PX = 60;
/** Nearer to the start than this, older ones are asked for. */
const START_PX = 200;
/** Messages of one person closer together than this are one block. */
const TOGETHER_MS = 180_000;

interface Props {
  chat: ChatDetail;
  messages: Messages;
  may: boolean;
  onQuote: (message: Said) => void;
}

/** What was said, newest at the bottom; it follows what comes while the reader is there, and stands still while they read further up. */
export function MessageList({ chat, messages, may, onQuote }: Props) {
  const t = useText();
  const scroller = useRef<HTMLDivElement>(null);
  const place = useRef({ atEnd: true, height: 0, top: 0, first: "" });
  const [unseen, setUnseen] = useState(false);
  const { messages: list, pending, cut } = messages;
  const last = list.at(-1)?.id;
  const first = list[0]?.id ?? "";

  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is set anew when what is shown changes.
  useLayoutEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const { atEnd, height, top, first: before } = place.current;
    if (atEnd && !cut) box.scrollTop = box.scrollHeight;
    else if (before !== "" && before !== first) box.scrollTop = box.scrollHeight - height + top;
    place.current = { ...place.current, height: box.scrollHeight, top: box.scrollTop, first };
  }, [last, first, pending.length, messages.read, list]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new last message is what may be unseen.
  useEffect(() => {
    if (!place.current.atEnd && !cut) setUnseen(true);
  }, [last]);
  // A picture that arrives, or a keyboard that opens, must not push the last words out of sight.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is there with the first answer.
  useEffect(() => {
    const box = scroller.current;
    if (!box) return;
    const watch = new ResizeObserver(() => {
      if (place.current.atEnd) box.scrollTop = box.scrollHeight;
    });
    watch.observe(box);
    if (box.firstElementChild) watch.observe(box.firstElementChild);
    return () => watch.disconnect();
  }, [messages.read]);

  const onScroll = () => {
    const box = scroller.current;
    if (!box) return;
    const atEnd = !cut && box.scrollHeight - box.scrollTop - box.clientHeight < END_PX;
    place.current = { ...place.current, atEnd, top: box.scrollTop, height: box.scrollHeight };
    if (atEnd) setUnseen(false);
    if (box.scrollTop < START_PX && messages.older && !messages.asking) void messages.loadOlder();
  };
  const toEnd = () => {
    place.current.atEnd = true;
    setUnseen(false);
    if (cut) messages.latest();
    else if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  };
  const read = {
    data: messages.read ? list : undefined,
    error: messages.error,
    isPending: !messages.read && messages.error === null,
    refetch: messages.retry,
  };
  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.scroll}
        onScroll={onScroll}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach what is hidden.
        tabIndex={0}
        role="log"
        aria-label={t("inbox.messages")}
      >
        <Loaded read={read}>
          {() => (
            <ol className={styles.list}>
              {messages.older && (
                <li className={styles.system}>
                  <Button size="s" look="plain" isDisabled={messages.asking} onPress={() => void messages.loadOlder()}>
                    {t("inbox.older")}
                  </Button>
                </li>
              )}
              {list.map((message, at) => (
                <Fragment key={message.id}>
                  <Day message={message} before={list[at - 1]} />
                  <Bubble
                    chat={chat.id}
                    message={message}
                    follows={belongs(message, list[at - 1])}
                    may={may}
                    onQuote={onQuote}
                  />
                </Fragment>
              ))}
              {pending.map((one) => (
                <PendingBubble
                  key={one.key}
                  one={one}
                  onAgain={() => void messages.put(one)}
                  onDrop={() => messages.drop(one.key)}
                />
              ))}
            </ol>
          )}
        </Loaded>
      </div>
      {(unseen || cut) && (
        <span className={styles.latest}>
          <Button size="s" look="primary" icon={<ArrowDown size={14} aria-hidden />} onPress={toEnd}>
            {t(unseen ? "inbox.unseen" : "inbox.latest")}
          </Button>
        </span>
      )}
    </div>
  );
}

function belongs(message: Said, before: Said | undefined): boolean {
  if (!before || before.direction !== message.direction || before.by !== message.by) return false;
  if (before.agent?.id !== message.agent?.id || before.run !== message.run) return false;
  return Date.parse(message.at) - Date.parse(before.at) < TOGETHER_MS;
}

function Day({ message, before }: { message: Said; before: Said | undefined }) {
  const day = new Date(message.at);
  if (before && new Date(before.at).toDateString() === day.toDateString()) return null;
  return <li className={styles.day}>{dayName(day)}</li>;
}
