import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Bell as BellIcon } from "lucide-react";
import { useEffect } from "react";
import { openAlarmsQuery } from "~/api/alarms";
import { reviewsQuery } from "~/api/reviews";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import styles from "./bell.module.css";
import { keepOn, onOpened } from "./push";

/** How many alarms nobody looks at yet and, more quietly, how many drafts wait for whoever is here; in the bar of every page. */
export default function Bell() {
  const t = useText();
  const navigate = useNavigate();
  const { data } = useQuery(openAlarmsQuery);
  useEffect(() => void keepOn().catch(() => {}), []);
  useEffect(() => onOpened((path) => void navigate({ href: path })), [navigate]);
  const open = data?.open ?? 0;
  const urgent = data?.alarms.some(({ state, level }) => state === "open" && level === "alarm");
  const reads = useCan()("flows.read");
  const waiting = useQuery({ ...reviewsQuery, enabled: reads }).data?.waiting ?? 0;
  const alarms = open > 0 ? t("shell.alarms", { n: open }) : "";
  const reviews = waiting > 0 ? t("shell.reviews", { n: waiting }) : "";
  const told = [alarms, reviews].filter(Boolean).join(" · ");
  const label = told || t("nav.alarms");
  const count = open || waiting;
  const tone = open === 0 ? styles.calm : urgent ? styles.urgent : "";
  return (
    <>
      <Link to="/alarms" className={styles.bell} title={label}>
        <span className="hidden">{label}</span>
        <BellIcon size={18} aria-hidden />
        {count > 0 && (
          <span className={`${styles.count} ${tone}`} aria-hidden>
            {count > 99 ? `${number(99)}+` : number(count)}
          </span>
        )}
      </Link>
      <span className="hidden" role="status">
        {told}
      </span>
    </>
  );
}
