import { useQuery } from "@tanstack/react-query";
import { type ListedReview, reviewsQuery } from "~/api/reviews";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { LinkButton } from "~/ui/button";
import { By } from "~/ui/person";
import { ReviewBadge } from "~/ui/review";
import { Time } from "~/ui/time";
import styles from "./alarms.module.css";

/** Where a document of a kind is opened. */
const PAGES = {
  flow: "/flows/$id",
  rules: "/rules/$id",
  calendar: "/flows/$id",
  segment: "/contacts/segments/$id",
} as const;

/** Drafts that a second person is asked about: what waits for whoever is here comes first. */
export function WaitingReviews() {
  const t = useText();
  const reads = useCan()("flows.read");
  const { data } = useQuery({ ...reviewsQuery, enabled: reads });
  if (!data || data.reviews.length === 0) return null;
  const sorted = [...data.reviews].sort((a, b) => Number(b.waits) - Number(a.waits));
  return (
    <section className={styles.reviews} aria-labelledby="reviews">
      <h2 id="reviews">{t("reviews.title")}</h2>
      <ul className={styles.list}>
        {sorted.map((listed) => (
          <Row key={listed.id} listed={listed} />
        ))}
      </ul>
    </section>
  );
}

function Row({ listed }: { listed: ListedReview }) {
  const t = useText();
  const { id, kind, name, yours, review } = listed;
  const [who, at, words] =
    review.state === "asked"
      ? [review.asked_by, review.asked_at, review.comment]
      : [review.answered_by, review.answered_at, review.answer];
  return (
    <li className={styles.alarm} data-review={id}>
      <div className={styles.head}>
        <span className={styles.turn}>
          <ReviewBadge listed={listed} />
          <bdi className={styles.title}>{name}</bdi>
        </span>
        <LinkButton size="s" to={PAGES[kind]} params={{ id }} search={{ review: "1" }}>
          {t(yours === "answer" ? "reviews.look" : "alarms.open")}
        </LinkButton>
      </div>
      <p className={styles.meta}>
        <span>
          {who && <By who={who} />} {at && <Time at={at} />}
        </span>
        {words && <q dir="auto">{words}</q>}
        {review.outdated && <span>{t("reviews.over")}</span>}
      </p>
    </li>
  );
}
