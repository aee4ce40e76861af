import { Link } from "@tanstack/react-router";
import { Plus, X } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import { changeTags } from "~/api/contacts";
import { type ChatDetail, type Priority, setOrderStatus, setPriority } from "~/api/inbox";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { languageName } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { IconButton } from "~/ui/button";
import field from "~/ui/field.module.css";
import { Facts } from "~/ui/page";
import { PersonName, Phone } from "~/ui/person";
import { Pick } from "~/ui/pick";
import { RunStatusBadge } from "~/ui/status";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import styles from "./side.module.css";

interface Props {
  chat: ChatDetail;
  may: boolean;
  onClose: () => void;
}

/** Beside the conversation: who it is, their tags, and which flows run for them. */
export default function Side({ chat, may, onClose }: Props) {
  const t = useText();
  const can = useCan();
  const { contact, session } = chat;
  return (
    <aside className={styles.side} aria-label={t("inbox.details")}>
      <span className={styles.close}>
        <IconButton size="s" label={t("ui.close")} icon={<X size={16} aria-hidden />} onPress={onClose} />
      </span>
      {!can("personal.read") && <Banner>{t("inbox.masked")}</Banner>}
      <Part title={<PersonName name={contact.name} phone={contact.phone} />}>
        <Facts
          rows={[
            [t("contacts.phone"), contact.phone && <Phone key="phone" number={contact.phone} />],
            [t("shell.language"), contact.language && languageName(contact.language)],
            [t("inbox.channel"), <bdi key="channel">{chat.connection}</bdi>],
            [t("inbox.session"), session?.opened_at && <Time key="session" at={session.opened_at} />],
            [t("inbox.session_messages"), session ? t("inbox.messages_n", { n: session.messages }) : null],
          ]}
        />
        <Pick
          label={t("contacts.priority")}
          isDisabled={!may}
          value={contact.priority ?? ""}
          onChange={(priority) => void setPriority(chat.id, priority as Priority).catch(toastError)}
        >
          {contact.priority === null && <option value="">–</option>}
          {(["high", "medium", "low"] as const).map((priority) => (
            <option key={priority} value={priority}>
              {t(`priority.${priority}`)}
            </option>
          ))}
        </Pick>
        <OrderStatus key={contact.order_status} chat={chat} may={may} />
        <Link to="/contacts/$who" params={{ who: contact.id }} className={styles.more}>
          {t("inbox.all_about")}
        </Link>
      </Part>
      <Part title={t("contacts.tags")}>
        <Tags chat={chat} may={may && can("contacts.change")} />
      </Part>
      {(chat.runs.length > 0 || chat.held.length > 0) && (
        <Part title={t("inbox.flows")}>
          <Runs chat={chat} />
          <Held chat={chat} />
        </Part>
      )}
    </aside>
  );
}

function Part({ title, children }: { title: ReactNode; children: ReactNode }) {
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function OrderStatus({ chat, may }: { chat: ChatDetail; may: boolean }) {
  const t = useText();
  const [status, setStatus] = useState(chat.contact.order_status ?? "");
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (status === (chat.contact.order_status ?? "")) return;
    void setOrderStatus(chat.id, status).then(() => toast(t("me.saved")), toastError);
  };
  return (
    <form onSubmit={save} onBlur={save}>
      <label className={field.field}>
        <span className={field.label}>{t("contacts.order_status")}</span>
        <input
          className={field.input}
          dir="auto"
          disabled={!may}
          value={status}
          onChange={(event) => setStatus(event.target.value)}
        />
      </label>
    </form>
  );
}

function Tags({ chat, may }: { chat: ChatDetail; may: boolean }) {
  const t = useText();
  const [name, setName] = useState("");
  const { id, tags } = chat.contact;
  const change = (what: Parameters<typeof changeTags>[1]) =>
    changeTags(id, what).then(() => queries.invalidateQueries({ queryKey: ["inbox"] }), toastError);
  const add = (event: FormEvent) => {
    event.preventDefault();
    const tag = name.trim();
    if (tag === "") return;
    setName("");
    void change({ add: [tag] });
  };
  const remove = async (tag: string) => {
    await change({ remove: [tag] });
    toast(t("contacts.tag_removed", { tag }), () => void change({ add: [tag] }));
  };
  return (
    <>
      {tags.length > 0 && (
        <ul className={styles.tags}>
          {[...new Set(tags)].map((tag) => (
            <li key={tag} className={styles.tag}>
              <bdi>{tag}</bdi>
              {may && (
                <button type="button" aria-label={t("contacts.take_off", { tag })} onClick={() => void remove(tag)}>
                  <X size={12} aria-hidden />
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {may && (
        <form className={styles.add} onSubmit={add}>
          <input
            className={field.input}
            aria-label={t("contacts.new_tag")}
            placeholder={t("contacts.new_tag")}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <IconButton type="submit" look="quiet" label={t("ui.add")} icon={<Plus size={16} aria-hidden />} />
        </form>
      )}
    </>
  );
}

function Runs({ chat }: { chat: ChatDetail }) {
  const can = useCan();
  return (
    <ul className={styles.runs}>
      {chat.runs.map((run) => (
        <li key={run.id}>
          {can("runs.read") ? (
            <Link to="/runs/$id" params={{ id: run.id }}>
              <bdi>{run.flow}</bdi>
            </Link>
          ) : (
            <bdi>{run.flow}</bdi>
          )}
          <RunStatusBadge status={run.status} />
        </li>
      ))}
    </ul>
  );
}

/** What flows wanted to say while a person talks. */
function Held({ chat }: { chat: ChatDetail }) {
  const t = useText();
  if (chat.held.length === 0) return null;
  return (
    <>
      <p className={styles.quiet}>{t("inbox.held", { n: chat.held.length })}</p>
      <ul className={styles.held}>
        {chat.held.map((one) => (
          <li key={`${one.run} ${one.text} ${one.template}`}>
            <p dir="auto">{one.text || one.template}</p>
            {one.expires_at && (
              <p className={styles.quiet}>
                {t("inbox.until")} <Time at={one.expires_at} as="short" />
              </p>
            )}
          </li>
        ))}
      </ul>
    </>
  );
}
