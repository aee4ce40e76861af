import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { AtSign, Lock } from "lucide-react";
import { type Mention, mentionsQuery } from "~/api/inbox";
import { useText } from "~/i18n";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { PersonName } from "~/ui/person";
import { Time } from "~/ui/time";
import styles from "./list.module.css";
import { useEnd } from "./use-end";

/** Notes that name me, those first that I have not looked at. */
export function MentionList({ open }: { open: string | null }) {
  const t = useText();
  const read = useInfiniteQuery(mentionsQuery);
  const end = useEnd(read);
  const mentions = read.data?.pages.flatMap((page) => page.mentions);
  return (
    <Loaded read={{ ...read, data: mentions }} lines={10}>
      {(found) =>
        found.length === 0 ? (
          <Empty icon={AtSign} title={t("inbox_none.mentions")} />
        ) : (
          <ul className={styles.rows}>
            {found.map((mention) => (
              <Row key={mention.id} mention={mention} here={mention.conversation === open} />
            ))}
            {read.hasNextPage && <li ref={end} className={styles.end} />}
          </ul>
        )
      }
    </Loaded>
  );
}

function Row({ mention, here }: { mention: Mention; here: boolean }) {
  const t = useText();
  const { contact, by } = mention;
  return (
    <li>
      <Link
        to="/inbox/$conversation"
        params={{ conversation: mention.conversation }}
        search={(old) => old}
        className={`${styles.row} ${here ? styles.here : ""} ${mention.new ? styles.unread : ""}`}
        aria-current={here ? "page" : undefined}
        data-mention={mention.id}
      >
        <span className={styles.top}>
          <span className={styles.name}>
            <PersonName name={contact.name} phone={contact.phone} />
          </span>
          <span className={styles.when}>
            <Time at={mention.at} />
          </span>
        </span>
        <span className={styles.bottom}>
          <Lock size={12} role="img" aria-label={t("inbox.note")} />
          <span className={styles.last} dir="auto">
            {by && (
              <>
                <bdi>{by.name}</bdi>:{" "}
              </>
            )}
            <bdi>{mention.text}</bdi>
          </span>
          {mention.new && <span className={styles.badge}>{t("inbox.mention_new")}</span>}
        </span>
      </Link>
    </li>
  );
}
