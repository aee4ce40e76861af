import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  BookUser,
  LayoutTemplate,
  ListChecks,
  type LucideIcon,
  Plug,
  ScrollText,
  Settings,
  Tags,
  TriangleAlert,
  Workflow,
} from "lucide-react";
import { flowsQuery } from "~/api/flows";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import styles from "./rail.module.css";

interface Place {
  to: string;
  text: string;
  icon: LucideIcon;
}

const WORK: Place[] = [
  { to: "/flows", text: "nav.flows", icon: Workflow },
  { to: "/runs", text: "nav.runs", icon: ListChecks },
  { to: "/attention", text: "nav.attention", icon: TriangleAlert },
  { to: "/rules", text: "nav.rules", icon: Tags },
  { to: "/contacts", text: "nav.contacts", icon: BookUser },
  { to: "/templates", text: "nav.templates", icon: LayoutTemplate },
];
const ADMIN: Place[] = [
  { to: "/connections", text: "nav.connections", icon: Plug },
  { to: "/audit", text: "nav.audit", icon: ScrollText },
  { to: "/settings", text: "nav.settings", icon: Settings },
];

/** The places of the app; a drawer where the window is narrow. */
export function Rail({ open }: { open: boolean }) {
  const t = useText();
  const { data: attention } = useQuery({
    ...flowsQuery,
    select: (flows) => flows.reduce((sum, flow) => sum + (flow.figures?.attention ?? 0), 0),
  });
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
    <nav className={`${styles.rail} ${open ? styles.open : ""}`} aria-label={t("nav.label")}>
      <ul>{WORK.map(item)}</ul>
      <ul className={styles.admin}>{ADMIN.map(item)}</ul>
    </nav>
  );
}
