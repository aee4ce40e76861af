import { Link } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleDashed } from "lucide-react";
import { useCan } from "~/api/session";
import type { ImportNeed } from "~/api/types";
import { useText } from "~/i18n";
import { Badge } from "~/ui/status";
import styles from "../flows.module.css";

const TEXTS = {
  connection: "library.connection",
  capability: "import.capability",
  template: "library.template",
  team: "library.team",
  flow: "import.flow",
  calendar: "import.calendar",
  segment: "import.segment",
  tag: "import.tag",
} as const;

const STATES = {
  here: { icon: CircleCheck, tone: "good" },
  missing: { icon: CircleAlert, tone: "bad" },
  several: { icon: CircleAlert, tone: "warn" },
  empty: { icon: CircleAlert, tone: "warn" },
  unknown: { icon: CircleDashed, tone: "idle" },
} as const;

/** What flows need of this workspace: what is here, and what is missing with the way to it. */
export function Checklist({ needs }: { needs: readonly ImportNeed[] }) {
  const t = useText();
  if (needs.length === 0) return null;
  return (
    <section className={styles.plan} aria-label={t("import.needs")}>
      <h3>{t("import.needs")}</h3>
      <ul className={styles.plan}>
        {needs.map((need) => {
          const { kind, name, language, state } = need;
          const { icon, tone } = STATES[state];
          // A tag of which nobody wrote what it means works all the same.
          const quiet = kind === "tag" && state === "missing";
          return (
            <li key={`${kind} ${name} ${language}`}>
              <Badge tone={quiet ? "warn" : tone} icon={icon}>
                {t(words(need))}
              </Badge>
              {t(TEXTS[kind], { name: language ? `${name} (${language})` : name })}
              {state !== "here" && <Way need={need} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** How it stands, in the words of what it is. */
function words({ kind, state }: ImportNeed): string {
  const own = state === "missing" && (kind === "template" || kind === "tag");
  return own ? `import.need_no_${kind}` : `import.need_${state}`;
}

/** Where it is made or mended; a new tab, so that what was chosen here stays. */
function Way({ need: { kind, name, state } }: { need: ImportNeed }) {
  const t = useText();
  const can = useCan();
  const tab = { target: "_blank", rel: "noopener" };
  if (kind === "connection" || kind === "capability") {
    if (state === "unknown" || !can("connections.manage")) return null;
    const search = state === "several" ? {} : { add: kind === "connection" ? name : "" };
    return (
      <Link to="/connections" search={search} {...tab}>
        {t(state === "several" ? "import.open" : "import.make")}
      </Link>
    );
  }
  if (kind === "template") {
    if (!can("figures.read")) return null;
    return (
      <Link to="/connections" {...tab}>
        {t("import.open_account")}
      </Link>
    );
  }
  if (kind === "team") {
    return (
      <Link to="/settings" search={{ tab: "teams" }} {...tab}>
        {t(state === "empty" ? "import.open" : "import.make")}
      </Link>
    );
  }
  if (kind === "tag") {
    return (
      <Link to="/rules" search={{ tab: "tags" }} {...tab}>
        {t("import.open_tags")}
      </Link>
    );
  }
  if (kind === "calendar") return <span className={styles.quiet}>{t("import.bring_along")}</span>;
  return (
    <Link to="/templates" search={{ text: name }} {...tab}>
      {t("import.open_gallery")}
    </Link>
  );
}
