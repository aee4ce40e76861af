import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { libraryQuery, type NamedKind } from "~/api/flows";
import { useCan } from "~/api/session";
import type { LibraryFlow } from "~/api/types";
import { useText } from "~/i18n";
import { useLibraryWords } from "~/server/library";
import { Button } from "~/ui/button";
import { Loaded } from "~/ui/page";
import { Chip } from "~/ui/status";
import { TriggerName } from "~/ui/trigger";
import { UsedChip } from "~/uses";
import styles from "./flows.module.css";
import { Naming } from "./naming";

/** What connections are for, as people write it. */
const CAPABILITIES: Record<string, string> = { whatsapp: "WhatsApp", crm: "CRM" };

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
          .toSorted((a, b) => toMake(a) - toMake(b))
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

/**
 * How much there is to make before it works, systems of one's own above all: what needs least comes first. What only serves flows,
 * such as a segment or a flow that others call, comes after all that starts by itself.
 */
function toMake({ needs, on }: LibraryFlow): number {
  const { connections, templates, teams, tags } = needs;
  const serves = on.every((kind) => kind === "flow.called");
  return (serves ? 100 : 0) + 4 * connections.length + templates.length + teams.length + tags.length;
}

function LibraryCard({ flow }: { flow: LibraryFlow }) {
  const t = useText();
  const can = useCan();
  const [naming, setNaming] = useState(false);
  const { connections, capabilities, templates, teams, tags } = flow.needs;
  const needs: { kind: NamedKind; names: string[]; text: string }[] = [
    { kind: "connection", names: connections, text: "library.connection" },
    { kind: "template", names: templates, text: "library.template" },
    { kind: "team", names: teams, text: "library.team" },
    { kind: "tag", names: tags, text: "import.tag" },
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
        {capabilities.map((name) => (
          <Chip key={name}>{t("import.capability", { name: CAPABILITIES[name] ?? name })}</Chip>
        ))}
        {needs.flatMap(({ kind, names, text }) =>
          names.map((name) => (
            <UsedChip key={`${kind} ${name}`} kind={kind} name={name}>
              {t(text, { name })}
            </UsedChip>
          )),
        )}
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
          kind={flow.kind === "rules" ? "rules" : flow.kind === "segment" ? "segments" : "flows"}
          onClose={() => setNaming(false)}
        />
      )}
    </li>
  );
}
