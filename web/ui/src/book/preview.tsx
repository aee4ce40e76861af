import type { ImportPreview, Json } from "~/api/types";
import { useText } from "~/i18n";
import { PersonName } from "~/ui/person";
import { Badge, Chip } from "~/ui/status";
import styles from "./book.module.css";

const TONES = { new: "good", changed: "busy", same: "idle", refused: "bad" } as const;

/** The first rows, each with what would become of it. */
export function Rows({ looked }: { looked: ImportPreview }) {
  const t = useText();
  return (
    <section aria-label={t("book.first_rows")}>
      <h3>{t("book.first_rows")}</h3>
      <ul className={styles.rows}>
        {looked.first.map((row) => (
          <li key={row.line}>
            <Badge tone={TONES[row.outcome as keyof typeof TONES] ?? "idle"}>{t(`book.is.${row.outcome}`)}</Badge>
            {row.outcome === "refused" ? (
              <span className={styles.quiet}>{t("book.line", { n: row.line })}</span>
            ) : (
              <PersonName name={row.name ?? ""} phone={row.phone} />
            )}
            <span className={styles.changes}>
              {row.changes.map(({ name, before, after }) => (
                <Chip key={name}>
                  {name}: {before !== null && <s>{shown(before)}</s>} {shown(after)}
                </Chip>
              ))}
              {row.tags.map((tag) => (
                <Chip key={tag}>+ {tag}</Chip>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

const shown = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));

interface Refused {
  line: number;
  why: string;
  cell?: string;
}

/** Rows that are not taken, with the reason of each. */
export function Refusals({ list, total }: { list: Refused[]; total: number }) {
  const t = useText();
  if (list.length === 0) return null;
  return (
    <details className={styles.refusals}>
      <summary>{t("book.refused_rows", { n: total })}</summary>
      <ul>
        {list.map(({ line, why, cell }) => (
          <li key={line}>
            <span className={styles.quiet}>{t("book.line", { n: line })}</span> {t(`book.why.${why}`)}{" "}
            {cell && <bdi className={styles.cell}>{cell}</bdi>}
          </li>
        ))}
      </ul>
    </details>
  );
}
