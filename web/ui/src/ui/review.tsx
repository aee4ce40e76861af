import { CircleCheck, CircleX, Clock } from "lucide-react";
import type { ListedReview } from "~/api/reviews";
import { useText } from "~/i18n";
import { Badge } from "./status";

const LOOKS = {
  asked: { icon: Clock, tone: "busy" },
  approved: { icon: CircleCheck, tone: "good" },
  declined: { icon: CircleX, tone: "bad" },
} as const;

/** How far an approval is, loud only for whom it waits. */
export function ReviewBadge({ listed: { review, yours, waits } }: { listed: ListedReview }) {
  const t = useText();
  const { icon, tone } = LOOKS[review.state];
  return (
    <Badge tone={waits ? tone : "idle"} icon={icon}>
      {t(`reviews.${review.state === "asked" ? yours : review.state}`)}
    </Badge>
  );
}
