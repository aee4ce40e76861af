import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { flowsQuery } from "~/api/flows";
import { useCan } from "~/api/session";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { ADMIN, type Place, WORK } from "./places";
import styles from "./rail.module.css";

/** The places of the app; a drawer where the window is narrow. */
export function Rail({ isOpen }: { isOpen: boolean }) {
  const t = useText();
  const can = useCan();
  const { data: attention } = useQuery({
    ...flowsQuery,
    enabled: can("flows.read"),
    select: (flows) => flows.reduce((sum, flow) => sum + (flow.figures?.attention ?? 0), 0),
  });
  const open = ({ needs }: Place) => !needs || can(needs);
  const item = ({ to, text, icon: Icon }: Place) => (
    <li key={to}>
      <Link to={to} className={styles.link} activeProps={{ className: styles.here }}>
        <Icon size={18} aria-hidden />
        <span className={styles.word}>{t(text)}</span>
        {to === "/attention" && Boolean(attention) && <span className={styles.count}>{number(attention ?? 0)}</span>}
      </Link>
    </li>
  );
  return (
    <nav className={`${styles.rail} ${isOpen ? styles.open : ""}`} aria-label={t("nav.label")}>
      <ul>{WORK.filter(open).map(item)}</ul>
      <ul className={styles.admin}>{ADMIN.filter(open).map(item)}</ul>
    </nav>
  );
}
