import { BellRing, Check, CircleAlert } from "lucide-react";
import type { Escalation } from "~/api/desk";
import { useText } from "~/i18n";
import { languageName } from "~/i18n/format";
import { Button } from "~/ui/button";
import { PersonName } from "~/ui/person";
import { Badge, Chip } from "~/ui/status";
import styles from "./desk.module.css";
import { Left, useServerNow } from "./left";
import { declineIt, type Gone, takeIt, useTakes } from "./take";

/** Tags shown of somebody who waits; more would hide what they said. */
const TAGS = 2;

/** Who it is, what they said, why they wait. */
export function Who({ one }: { one: Escalation }) {
  const t = useText();
  const { contact } = one;
  return (
    <div className={styles.who}>
      <p className={styles.name}>
        <PersonName name={contact?.name} phone={contact?.phone} />
        {contact?.priority === "high" && (
          <Badge tone="bad" icon={CircleAlert}>
            {t("priority.high")}
          </Badge>
        )}
        {contact?.tags.slice(0, TAGS).map((tag) => (
          <Chip key={tag}>
            <bdi>{tag}</bdi>
          </Chip>
        ))}
        {contact?.language && <span className={styles.quiet}>{languageName(contact.language)}</span>}
      </p>
      {one.last_message?.text && (
        <p className={styles.said} dir="auto">
          {one.last_message.text}
        </p>
      )}
      <bdi className={styles.reason}>{one.reason}</bdi>
    </div>
  );
}

/** For how long it is offered to us alone. */
function Yours({ one }: { one: Escalation }) {
  const t = useText();
  const now = useServerNow();
  if (!one.offer || one.state !== "offered") return null;
  const left = Math.ceil(Math.max(0, Date.parse(one.offer.until) - now) / 1_000);
  return <span className={styles.quiet}>{t("desk.yours_for", { n: left })}</span>;
}

/** The buttons of a card; `T` is said on the one it takes. */
export function TakeButtons({ one, top }: { one: Escalation; top: boolean }) {
  const t = useText();
  const taking = useTakes((state) => state.taking);
  return (
    <div className={styles.buttons}>
      {one.to_me && (
        <Button look="plain" isDisabled={taking !== null} onPress={() => void declineIt(one)}>
          {t("desk.decline")}
        </Button>
      )}
      <Button
        look={one.to_me ? "primary" : "quiet"}
        isDisabled={taking !== null}
        aria-keyshortcuts={top ? "T" : undefined}
        onPress={() => void takeIt(one)}
      >
        {t("desk.take")}
        {top && (
          <kbd className={styles.key} aria-hidden>
            T
          </kbd>
        )}
      </Button>
    </div>
  );
}

/** What became of somebody who waited a moment ago. */
export function GoneWords({ gone }: { gone: Gone }) {
  const t = useText();
  const who = gone.one.contact?.name ?? gone.one.contact?.phone ?? t("desk.somebody");
  const by = gone.by?.name;
  const words =
    gone.how === "taken"
      ? by
        ? t("desk.taken_by", { who, by })
        : t("desk.taken", { who })
      : gone.how === "missed"
        ? t("desk.missed", { who })
        : t("desk.over", { who });
  return (
    <p className={styles.gone}>
      {gone.how === "missed" ? <CircleAlert size={16} aria-hidden /> : <Check size={16} aria-hidden />}
      <span>{words}</span>
    </p>
  );
}

/** Somebody is offered to us: over whatever page is open. */
export function OfferCard({ one, top }: { one: Escalation; top: boolean }) {
  const t = useText();
  const taking = useTakes((state) => state.taking === one.id);
  return (
    <li className={styles.card} aria-busy={taking} data-card={one.id}>
      <div className={styles.head}>
        <span className={styles.kind}>
          <BellRing size={14} aria-hidden />
          {t(one.state === "team" ? "desk.for_team" : "desk.for_you")}
        </span>
        <Left since={one.received_at} deadline={one.deadline} />
      </div>
      <Who one={one} />
      <div className={styles.foot}>
        <Yours one={one} />
        <TakeButtons one={one} top={top} />
      </div>
    </li>
  );
}
