//! Tags as chips: one is added with Enter or a comma, and taken away with its cross.

import { X } from "lucide-react";
import { type KeyboardEvent, useId, useState } from "react";
import { useField } from "~/editor/inspector/field";
import inspector from "~/editor/inspector/inspector.module.css";
import { asText } from "~/editor/model/view";
import { useText } from "~/i18n";
import { IconButton } from "~/ui/button";
import { Chip } from "~/ui/status";
import styles from "./tags-field.module.css";

interface Props {
  label: string;
  hint?: string;
  path: readonly string[];
  /** Tags that there are, to choose from. */
  known: readonly string[];
}

export function TagsField({ label, hint, path, known }: Props) {
  const t = useText();
  const id = useId();
  const field = useField(path);
  const [typed, setTyped] = useState("");
  const tags = Array.isArray(field.value) ? field.value.map(asText) : [];
  const write = (next: string[]) => (next.length === 0 ? field.unset() : field.set(next));
  const take = (text: string) => {
    const fresh = text
      .split(/[,،、，]/)
      .map((tag) => tag.trim())
      .filter((tag) => tag !== "" && !tags.includes(tag));
    setTyped("");
    if (fresh.length > 0) write([...tags, ...new Set(fresh)]);
  };
  const key = (event: KeyboardEvent) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      take(typed);
    } else if (event.key === "Backspace" && typed === "" && tags.length > 0) {
      write(tags.slice(0, -1));
    }
  };
  return (
    <div className={inspector.field}>
      <label htmlFor={id} className={inspector.label}>
        {label}
      </label>
      <div className={styles.tags_box}>
        {tags.map((tag) => (
          <Chip key={tag} tone="accent">
            <span className={styles.tag}>
              <bdi>{tag}</bdi>
              {!field.readOnly && (
                <IconButton
                  size="s"
                  label={t("editor.take_away", { what: tag })}
                  icon={<X size={12} aria-hidden />}
                  onPress={() => write(tags.filter((own) => own !== tag))}
                />
              )}
            </span>
          </Chip>
        ))}
        {!field.readOnly && (
          <input
            id={id}
            dir="auto"
            list={`${id}-known`}
            className={styles.tags_input}
            placeholder={t("rules.tag_placeholder")}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={key}
            onBlur={() => take(typed)}
          />
        )}
        <datalist id={`${id}-known`}>
          {known
            .filter((tag) => !tags.includes(tag))
            .map((tag) => (
              <option key={tag} value={tag} />
            ))}
        </datalist>
      </div>
      {(field.error || hint) && (
        <span className={field.error ? inspector.error : inspector.hint}>{field.error || hint}</span>
      )}
    </div>
  );
}
