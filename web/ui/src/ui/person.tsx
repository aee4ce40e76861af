import { useText } from "~/i18n";
import { listParts } from "~/i18n/format";
import styles from "./person.module.css";

/** A person's name, in its own direction; the phone number when there is none. */
export function PersonName({ name, phone }: { name: string | null | undefined; phone?: string | null | undefined }) {
  const t = useText();
  if (name) return <bdi>{name}</bdi>;
  if (phone) return <Phone number={phone} />;
  return <span className={styles.nobody}>{t("ui.nameless")}</span>;
}

/** A phone number: always from the left. */
export function Phone({ number }: { number: string }) {
  return (
    <span dir="ltr" className={styles.phone}>
      {number}
    </span>
  );
}

/** An id, shortened from the front where `short`, whole in the tip. */
export function Id({ id, short }: { id: string; short?: boolean }) {
  const shown = short && id.length > 14 ? `${id.slice(0, 4)}…${id.slice(-6)}` : id;
  return (
    <code dir="ltr" title={id} className={styles.id}>
      {shown}
    </code>
  );
}

/** The name of whoever did something: the log writes `user:<id> <name>`, and other words for what is not a person. */
export function nameOf(by: string): string {
  return by.match(/^\w+:\S+ (.+)$/)?.[1] ?? by;
}

/** Several who did something, each by name, with the commas of the language. */
export function People({ who }: { who: readonly string[] }) {
  return listParts(who.length).map((part) =>
    typeof part === "string" ? part : <By key={part.at} who={who[part.at] ?? ""} />,
  );
}

/** What is no person, as the log writes it. */
const OTHERS = ["cli", "files"];

/** Who did something, by name; whose exactly is in the tip. */
export function By({ who }: { who: string }) {
  const t = useText();
  return <bdi title={who}>{OTHERS.includes(who) ? t(`ui.by.${who}`) : nameOf(who)}</bdi>;
}
