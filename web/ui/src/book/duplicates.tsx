import { useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { useState } from "react";
import { duplicatesQuery, mergesQuery, type Pair, part, refreshContacts } from "~/api/book";
import type { Contact, DuplicateGroup, Merge } from "~/api/types";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Loaded } from "~/ui/page";
import { PersonName, Phone } from "~/ui/person";
import { Skeleton } from "~/ui/skeleton";
import { Badge } from "~/ui/status";
import { Time, useNow } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import styles from "./book.module.css";
import own from "./duplicates.module.css";
import { MergeForm } from "./merge";
import { useBookTexts } from "./texts";

type Person = DuplicateGroup["contacts"][number];

/** Contacts that may be one person, and those that were made one. */
export default function Duplicates({ onClose }: { onClose: () => void }) {
  const ready = useBookTexts();
  return ready ? <DuplicatesDialog onClose={onClose} /> : <Skeleton lines={6} />;
}

function DuplicatesDialog({ onClose }: { onClose: () => void }) {
  const t = useText();
  const [pair, setPair] = useState<(Pair & { people: Person[] }) | null>(null);
  const found = useQuery(duplicatesQuery);
  return (
    <Dialog title={t("book.duplicates")} isOpen onClose={onClose} shape="wide">
      {pair ? (
        <div className={styles.form}>
          <div>
            <Button
              look="plain"
              icon={<ArrowLeft size={14} aria-hidden className="flip" />}
              onPress={() => setPair(null)}
            >
              {t("book.back")}
            </Button>
          </div>
          <MergeForm
            key={pair.stays}
            pair={pair}
            people={pair.people}
            swap={() => setPair({ ...pair, stays: pair.joins, joins: pair.stays })}
            onDone={() => setPair(null)}
          />
        </div>
      ) : (
        <div className={styles.form}>
          <p className={styles.quiet}>{t("book.duplicates_about")}</p>
          <Loaded read={found}>
            {({ groups, looked, more }) => (
              <>
                <p className={styles.quiet}>
                  {t("book.looked", { n: looked })} {more && t("book.more_groups")}
                </p>
                {groups.length === 0 && <p>{t("book.no_duplicates")}</p>}
                <ul className={own.groups}>
                  {groups.map((group) => (
                    <Group key={group.contacts.map(({ id }) => id).join()} group={group} choose={setPair} />
                  ))}
                </ul>
              </>
            )}
          </Loaded>
          <Merged />
        </div>
      )}
    </Dialog>
  );
}

interface GroupProps {
  group: DuplicateGroup;
  choose: (pair: Pair & { people: Person[] }) => void;
}

function Group({ group, choose }: GroupProps) {
  const t = useText();
  const [first, ...others] = group.contacts;
  if (!first) return null;
  return (
    <li>
      <Badge tone={group.why === "name" ? "idle" : "warn"}>{t(`book.alike.${group.why}`)}</Badge>
      <ul>
        <li>
          <Who person={first} />
        </li>
        {others.map((other) => (
          <li key={other.id}>
            <Who person={other} />
            <Button size="s" onPress={() => choose({ stays: first.id, joins: other.id, people: [first, other] })}>
              {t("book.compare")}
            </Button>
          </li>
        ))}
      </ul>
    </li>
  );
}

function Who({ person }: { person: Person | Contact }) {
  return (
    <span className={own.who}>
      <PersonName name={person.name} phone={person.phone} />
      {person.name && person.phone && <Phone number={person.phone} />}
      <span className={styles.quiet}>
        <Time at={person.last_interaction_at} as="short" />
      </span>
    </span>
  );
}

/** Merges that can be taken back. */
function Merged() {
  const t = useText();
  const merges = useQuery(mergesQuery).data?.merges ?? [];
  if (merges.length === 0) return null;
  return (
    <section aria-label={t("book.merged")}>
      <h3>{t("book.merged")}</h3>
      <ul className={styles.rows}>
        {merges.map((one) => (
          <MergedRow key={one.id} one={one} />
        ))}
      </ul>
    </section>
  );
}

function MergedRow({ one }: { one: Merge }) {
  const t = useText();
  const now = useNow();
  const open = new Date(one.until) > now;
  const undo = async () => {
    try {
      await part(one.id);
      await refreshContacts();
      toast(t("book.parted"));
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <li>
      <bdi className={styles.header}>{one.kept_name || t("ui.nameless")}</bdi>
      <span className={styles.quiet}>
        {t("book.has_joined", { name: one.joined_name || t("ui.nameless") })} <Time at={one.at} as="short" />
      </span>
      {open && (
        <>
          <Button size="s" onPress={undo}>
            {t("book.part")}
          </Button>
          <span className={styles.quiet}>{t("book.part_days", { n: daysLeft(one.until, now) })}</span>
        </>
      )}
    </li>
  );
}

const DAY_MS = 86_400_000;
const daysLeft = (until: string, now: Date) => Math.max(0, Math.floor((Date.parse(until) - now.getTime()) / DAY_MS));
