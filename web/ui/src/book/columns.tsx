import type { ImportPreview } from "~/api/types";
import { useText } from "~/i18n";
import { TextField } from "~/ui/field";
import { Pick } from "~/ui/pick";
import styles from "./book.module.css";

const STANDARD = ["phone", "name", "language", "priority", "order_status", "tags"];

/** What becomes of each column of a file. */
export function Columns({ looked, onChange }: { looked: ImportPreview; onChange: (columns: string[]) => void }) {
  const t = useText();
  const targets = looked.columns.map((column) => column.target);
  const put = (place: number, target: string) => onChange(targets.with(place, target));
  return (
    <section aria-label={t("book.columns")}>
      <h3>{t("book.columns")}</h3>
      <ul className={styles.columns}>
        {looked.columns.map((column, place) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one header; their place is what they are.
          <li key={place}>
            <div>
              <bdi className={styles.header}>{column.header || t("book.no_header", { n: place + 1 })}</bdi>
              <bdi className={styles.quiet}>{column.samples.join(" · ")}</bdi>
            </div>
            <Target
              label={t("book.becomes", { header: column.header })}
              header={column.header}
              value={column.target}
              onChange={(target) => put(place, target)}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

interface Props {
  label: string;
  header: string;
  value: string;
  onChange: (target: string) => void;
}

function Target({ label, header, value, onChange }: Props) {
  const t = useText();
  const [kind = "", name = ""] = value.split(":");
  const named = name || fieldName(header) || "field";
  const choose = (next: string) => {
    if (next === "consent") onChange("consent:marketing");
    else onChange(next === "field" || next === "number" ? `${next}:${named}` : next);
  };
  return (
    <div className={styles.target}>
      <Pick label={label} compact value={kind} onChange={choose}>
        {STANDARD.map((id) => (
          <option key={id} value={id}>
            {t(`book.to.${id}`)}
          </option>
        ))}
        <option value="consent">{t("book.to.consent")}</option>
        <option value="field">{t("book.to.field")}</option>
        <option value="number">{t("book.to.number")}</option>
        <option value="skip">{t("book.to.skip")}</option>
      </Pick>
      {name && (
        <TextField
          key={value}
          label={t("book.field_name")}
          compact
          mono
          defaultValue={name}
          onBlur={({ target }) => {
            const told = fieldName((target as HTMLInputElement).value);
            if (told && told !== name) onChange(`${kind}:${told}`);
          }}
        />
      )}
    </div>
  );
}

/** Words joined by `_`, as the server names fields. */
function fieldName(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 64);
}
