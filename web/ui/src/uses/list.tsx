//! Where flows and rules name something: by document, each place a way there.

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type NamedKind, type Use, usesQuery } from "~/api/flows";
import { labelInWords } from "~/editor/model/cards";
import { useText } from "~/i18n";
import { Loaded } from "~/ui/page";
import { FlowStateBadge } from "~/ui/status";
import styles from "./uses.module.css";

export function UseList({ kind, name }: { kind: NamedKind; name: string }) {
  const t = useText();
  const uses = useQuery(usesQuery(kind, name));
  return (
    <Loaded read={uses} lines={2}>
      {(places) =>
        places.length === 0 ? (
          <p className={styles.quiet}>{t("uses.none")}</p>
        ) : (
          <ul className={styles.documents}>
            {byDocument(places).map(([first, ...rest]) => (
              <li key={first.flow}>
                <span className={styles.document}>
                  <bdi className={styles.name}>{first.name}</bdi>
                  {first.state !== "live" && <FlowStateBadge state={first.state} />}
                </span>
                <ul className={styles.places}>
                  {[first, ...rest].map((place) => (
                    <li key={place.path}>
                      <Place place={place} /> <span className={styles.quiet}>{t("uses.line", { n: place.line })}</span>
                    </li>
                  ))}
                </ul>
              </li>
            ))}
          </ul>
        )
      }
    </Loaded>
  );
}

/** The places of each document, in the order they came. */
function byDocument(places: readonly Use[]): [Use, ...Use[]][] {
  const found = new Map<string, [Use, ...Use[]]>();
  for (const place of places) {
    const known = found.get(place.flow);
    if (known) known.push(place);
    else found.set(place.flow, [place]);
  }
  return [...found.values()];
}

/** The step that names it, or the part of the document; a way to it where there is a page for such a document. */
function Place({ place: { flow, kind, path, step } }: { place: Use }) {
  const t = useText();
  const head = path.split("/")[0] ?? "";
  const words = step
    ? labelInWords(step.label, step.verb, t)
    : head === "on" || head === "when"
      ? t("uses.start")
      : path;
  const label = <bdi dir="auto">{words}</bdi>;
  if (kind === "flow") {
    return (
      <Link to="/flows/$id" params={{ id: flow }} search={{ step: step?.path ?? path }}>
        {label}
      </Link>
    );
  }
  if (kind === "rules") {
    return (
      <Link to="/rules/$id" params={{ id: flow }} search={step?.id ? { rule: step.id } : {}}>
        {label}
      </Link>
    );
  }
  if (kind === "segment") {
    return (
      <Link to="/contacts/segments/$id" params={{ id: flow }}>
        {label}
      </Link>
    );
  }
  return label;
}
