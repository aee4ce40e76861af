import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { libraryQuery } from "~/api/flows";
import { useCan } from "~/api/session";
import type { LibraryFlow } from "~/api/types";
import { useText } from "~/i18n";
import { useLibraryWords } from "~/server/library";
import { Button } from "~/ui/button";
import { Loaded } from "~/ui/page";
import { Chip } from "~/ui/status";
import { TriggerName } from "~/ui/trigger";
import styles from "./flows.module.css";
import { Naming } from "./naming";

/** Flows that ship, as cards; `most` of them, those whose name or note holds `text`. */
export function LibraryCards({ most, text = "" }: { most?: number; text?: string }) {
  const t = useText();
  const library = useQuery(libraryQuery);
  const inWords = useLibraryWords();
  const wanted = text.toLowerCase();
  const told = (flow: LibraryFlow) => ({ ...flow, name: inWords(flow.name), note: inWords(flow.note) });
  const fits = (flow: LibraryFlow) => `${flow.name} ${flow.note} ${flow.id}`.toLowerCase().includes(wanted);
  return (
    <Loaded read={library}>
      {(flows) => {
        const shown = flows
          .filter((flow) => flow.kind !== "calendar")
          .map(told)
          .filter(fits)
          .slice(0, most);
        if (shown.length === 0) return <p>{t("ui.nothing")}</p>;
        return (
          <ul className={styles.grid}>
            {shown.map((flow) => (
              <LibraryCard key={flow.id} flow={flow} />
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

function LibraryCard({ flow }: { flow: LibraryFlow }) {
  const t = useText();
  const can = useCan();
  const [naming, setNaming] = useState(false);
  const { connections, capabilities, templates, teams, tags } = flow.needs;
  const needs = [
    ...connections.map((name) => t("library.connection", { name })),
    ...capabilities.map((name) => t("import.capability", { name })),
    ...templates.map((name) => t("library.template", { name })),
    ...teams.map((name) => t("library.team", { name })),
    ...tags.map((name) => t("import.tag", { name })),
  ];
  return (
    <li className={styles.card}>
      <h2 className={styles.cardTitle} dir="auto">
        {flow.name}
      </h2>
      <span className={styles.chips}>
        {flow.on.map((kind) => (
          <Chip key={kind} tone="accent">
            <TriggerName kind={kind} />
          </Chip>
        ))}
      </span>
      {flow.note && (
        <p className={styles.note} dir="auto">
          {flow.note}
        </p>
      )}
      <span className={styles.chips}>
        {needs.map((need) => (
          <Chip key={need}>{need}</Chip>
        ))}
      </span>
      <div className={styles.foot}>
        {t("library.tests", { n: flow.tests })}
        {can("flows.edit") && (
          <Button size="s" onPress={() => setNaming(true)} aria-label={t("library.use_named", { name: flow.name })}>
            {t("library.use")}
          </Button>
        )}
      </div>
      {naming && (
        <Naming
          title={t("library.use_named", { name: flow.name })}
          name={flow.name}
          id={flow.id}
          from={flow.id}
          kind={flow.kind === "rules" ? "rules" : "flows"}
          onClose={() => setNaming(false)}
        />
      )}
    </li>
  );
}
