import { useQuery } from "@tanstack/react-query";
import { Paperclip, SendHorizontal, ShoppingBag, X } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { mediaUrl } from "~/api/inbox";
import { chatQuery, type Played, play } from "~/api/play";
import { queries } from "~/api/queries";
import type { ChatMessage } from "~/api/types";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { TextField } from "~/ui/field";
import { formatted } from "~/ui/said";
import { Time } from "~/ui/time";
import { toastError } from "~/ui/toast";
import styles from "./phone.module.css";

/** The customer whose phone it is; the sandbox knows no other until one is named. */
const CUSTOMER = { from: "+393331234567", name: "Giulia Rossi" };

/** One packet of tea at this price. */
const cartOf = (price: number) => ({ items: [{ sku: "TEA-GREEN-250", quantity: 1, price, currency: "CNY" }] });

/** The phone of a customer of the sandbox: what it shows, and writing from it. */
export default function Phone({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [from, setFrom] = useState(CUSTOMER.from);
  const [text, setText] = useState("");
  const [total, setTotal] = useState("1500");
  const price = Number(total.replace(",", "."));
  const [busy, setBusy] = useState(false);
  const { data: messages = [] } = useQuery(chatQuery(from));
  const act = async (played: Omit<Played, "from" | "name">) => {
    setBusy(true);
    try {
      await play({ ...played, from, ...(from === CUSTOMER.from && { name: CUSTOMER.name }) });
      await queries.invalidateQueries({ queryKey: ["chat"] });
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    void act({ what: "message", text });
    setText("");
  };
  return (
    <aside className={styles.phone} aria-label={t("phone.open")}>
      <header className={styles.head}>
        <h2>{t("phone.title")}</h2>
        <IconButton size="s" label={t("ui.close")} icon={<X size={16} aria-hidden />} onPress={onClose} />
      </header>
      <p className={styles.about}>{t("phone.about")}</p>
      <TextField label={t("phone.number")} mono value={from} onChange={setFrom} />
      <Chat messages={messages} onTap={(button) => void act({ what: "tap", text: button })} />
      <div className={styles.actions}>
        <TextField label={t("phone.total")} value={total} onChange={setTotal} />
        <Button
          isDisabled={busy || !(price > 0)}
          icon={<ShoppingBag size={14} aria-hidden />}
          onPress={() => act({ what: "order", order: cartOf(price) })}
        >
          {t("phone.order")}
        </Button>
      </div>
      <form className={styles.write} onSubmit={send}>
        <TextField
          compact
          label={t("phone.message")}
          placeholder={t("phone.message")}
          value={text}
          onChange={setText}
        />
        <IconButton
          look="primary"
          type="submit"
          label={t("phone.send")}
          isDisabled={busy || text.trim() === ""}
          icon={<SendHorizontal size={16} aria-hidden className="flip" />}
        />
      </form>
    </aside>
  );
}

/** What hangs on a message: the picture itself where people here sent it, else its name. */
function File({ file }: { file: NonNullable<ChatMessage["file"]> }) {
  const name = file.name ?? file.kind;
  if (file.kind === "image" && file.media) {
    return <img className={styles.picture} src={mediaUrl(file.media)} alt={name} />;
  }
  return (
    <p className={styles.file}>
      <Paperclip size={14} aria-hidden /> <bdi>{name}</bdi>
    </p>
  );
}

function Chat({ messages, onTap }: { messages: ChatMessage[]; onTap: (button: string) => void }) {
  const t = useText();
  const end = useRef<HTMLLIElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new message is shown, as on a phone.
  useEffect(() => end.current?.scrollIntoView({ block: "nearest" }), [messages.length]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach what is hidden.
    <ol className={styles.chat} aria-live="polite" aria-label={t("phone.chat")} tabIndex={0}>
      {messages.length === 0 && <li className={styles.empty}>{t("phone.empty")}</li>}
      {messages.map((message, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages are only ever added at the end.
        <li key={at} className={message.inbound ? styles.mine : styles.theirs}>
          {message.file && <File file={message.file} />}
          <p dir="auto">
            {message.text
              ? formatted(message.text)
              : message.template || (message.inbound && !message.file && t("phone.ordered"))}
          </p>
          {message.buttons?.map((button) => (
            <Button key={button} size="s" onPress={() => onTap(button)}>
              {button}
            </Button>
          ))}
          <span className={styles.when}>
            <Time at={message.at} as="short" />
          </span>
        </li>
      ))}
      <li ref={end} aria-hidden />
    </ol>
  );
}
