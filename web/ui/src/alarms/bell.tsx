import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Bell as BellIcon } from "lucide-react";
import { useEffect } from "react";
import { openAlarmsQuery } from "~/api/alarms";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import styles from "./bell.module.css";
import { keepOn, onOpened } from "./push";

/** How many alarms nobody looks at yet, in the bar of every page. */
export default function Bell() {
  const t = useText();
  const navigate = useNavigate();
  const { data } = useQuery(openAlarmsQuery);
  useEffect(() => void keepOn().catch(() => {}), []);
  useEffect(() => onOpened((path) => void navigate({ href: path })), [navigate]);
  const open = data?.open ?? 0;
  const urgent = data?.alarms.some(({ state, level }) => state === "open" && level === "alarm");
  const label = open > 0 ? t("shell.alarms", { n: open }) : t("nav.alarms");
  return (
    <>
      <Link to="/alarms" className={styles.bell} title={label}>
        <span className="hidden">{label}</span>
        <BellIcon size={18} aria-hidden />
        {open > 0 && (
          <span className={`${styles.count} ${urgent ? styles.urgent : ""}`} aria-hidden>
            {open > 99 ? `${number(99)}+` : number(open)}
          </span>
        )}
      </Link>
      <span className="hidden" role="status">
        {open > 0 ? label : ""}
      </span>
    </>
  );
}
