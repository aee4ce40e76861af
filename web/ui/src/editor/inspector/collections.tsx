//! Fields for lists, maps and data of any shape.

import { Plus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { parse } from "yaml";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { TextArea } from "~/ui/field";
import { formatPath, type Value } from "~/yaml";
import { asText, isWrittenMap } from "../model/view";
import { renameAt } from "../state/commands";
import { useEditorStore } from "../state/editor";
import { useField, useRefused } from "./field";
import styles from "./inspector.module.css";
import { type Known, type Names, useKnown } from "./known";
import { PickText } from "./pick";
import { PillText } from "./pill-text";
import { type Shown, TemplateField } from "./values";

/** The rows of a list or map: one that was added is written into at once. */
function useRows() {
  const box = useRef<HTMLFieldSetElement>(null);
  const toLast = () =>
    requestAnimationFrame(() => {
      const row = [...(box.current?.querySelectorAll<HTMLElement>("[data-row]") ?? [])].at(-1);
      const first = row?.querySelector<HTMLElement>("input, [role=textbox]");
      first?.focus();
      if (first instanceof HTMLInputElement) first.select();
    });
  return { box, toLast };
}

/** A list of what there is of a kind. */
export function KnownList({ kind, data, ...shown }: Shown & { kind: Known; data: boolean }) {
  return <ListField {...shown} template={data} names={useKnown(kind)} />;
}

/** A list of texts, one to a row; `names` are offered for each. */
export function ListField({
  label,
  hint,
  path,
  required,
  template = false,
  names,
}: Shown & { template?: boolean; names?: Names }) {
  const t = useText();
  const field = useField(path, required);
  const rows = useRows();
  if (field.value !== undefined && field.value !== null && !Array.isArray(field.value))
    return <TemplateField label={label} path={path} />;
  const there = Array.isArray(field.value) ? field.value.map(asText) : [];
  // A list that must not be empty begins with a row to write into.
  const items = there.length === 0 && required ? [""] : there;
  const write = (next: string[]) => (next.length === 0 && !required ? field.unset() : field.set(next));
  return (
    <fieldset ref={rows.box} className={styles.set}>
      <legend className={styles.label}>{label}</legend>
      {items.map((item, index) => {
        const name = t("editor.item", { label, n: index + 1 });
        const change = (text: string) => write(items.map((own, at) => (at === index ? text : own)));
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place.
          <div key={index} data-row className={styles.row}>
            {names ? (
              <PickText
                bare
                label={name}
                value={item}
                onChange={change}
                path={path}
                names={without(names, items, item)}
                data={template}
                readOnly={field.readOnly}
              />
            ) : template ? (
              <PillText
                bare
                label={name}
                value={item}
                onChange={change}
                path={formatPath(path)}
                readOnly={field.readOnly}
              />
            ) : (
              <input
                className={styles.input}
                dir="auto"
                aria-label={name}
                value={item}
                readOnly={field.readOnly}
                onChange={(event) => change(event.target.value)}
              />
            )}
            {!field.readOnly && (
              <IconButton
                size="s"
                label={t("editor.take_away", { what: item || name })}
                icon={<X size={14} aria-hidden />}
                onPress={() => write(items.filter((_, at) => at !== index))}
              />
            )}
          </div>
        );
      })}
      {!field.readOnly && (
        <Button
          size="s"
          icon={<Plus size={14} aria-hidden />}
          onPress={() => {
            field.set([...items, ""]);
            rows.toLast();
          }}
        >
          {t("editor.add_item")}
        </Button>
      )}
      {(field.error || hint) && <span className={field.error ? styles.error : styles.hint}>{field.error || hint}</span>}
    </fieldset>
  );
}

/** What the other rows do not have yet. */
function without(names: Names, rows: readonly string[], own: string): Names {
  return { ...names, names: names.names.filter(({ id }) => id === own || !rows.includes(id)) };
}

/** Names with values; a name is changed in its place. */
export function MapField({
  label,
  hint,
  path,
  required,
  typed = false,
  nameLabel,
}: Shown & { typed?: boolean; nameLabel: string }) {
  const t = useText();
  const field = useField(path, required);
  const rows = useRows();
  if (field.value !== undefined && field.value !== null && !isWrittenMap(field.value))
    return <TemplateField label={label} path={path} />;
  const keys = Object.keys(isWrittenMap(field.value) ? field.value : {});
  const add = () => {
    const there = isWrittenMap(field.value) ? (field.value as Record<string, Value>) : {};
    field.set({ ...there, [freeName(keys)]: "" });
    rows.toLast();
  };
  return (
    <fieldset ref={rows.box} className={styles.set}>
      <legend className={styles.label}>{label}</legend>
      {keys.map((key) => (
        <MapRow
          key={key}
          name={key}
          path={[...path, key]}
          nameLabel={nameLabel}
          typed={typed}
          last={keys.length === 1}
          onEmpty={field.unset}
        />
      ))}
      {!field.readOnly && (
        <Button size="s" icon={<Plus size={14} aria-hidden />} onPress={add}>
          {t("editor.add_item")}
        </Button>
      )}
      {hint && <span className={styles.hint}>{hint}</span>}
    </fieldset>
  );
}

function MapRow({
  name,
  path,
  nameLabel,
  typed,
  last,
  onEmpty,
}: {
  name: string;
  path: readonly string[];
  nameLabel: string;
  typed: boolean;
  last: boolean;
  onEmpty: () => void;
}) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const field = useField(path);
  const nested = isWrittenMap(field.value) || Array.isArray(field.value);
  return (
    <div data-row className={styles.pair}>
      <NameInput
        label={nameLabel}
        name={name}
        readOnly={field.readOnly}
        onRename={(next) => refused(renameAt(store, path, next))}
      />
      {nested ? (
        <DataText label={name} path={path} bare />
      ) : (
        <TemplateField bare required label={name} path={path} typed={typed} />
      )}
      {!field.readOnly && (
        <IconButton
          size="s"
          label={t("editor.take_away", { what: name })}
          icon={<X size={14} aria-hidden />}
          onPress={() => (last ? onEmpty() : field.unset())}
        />
      )}
    </div>
  );
}

/** A name that is changed as a whole: when one leaves the field or presses Enter. */
export function NameInput({
  label,
  name,
  readOnly,
  onRename,
}: {
  label: string;
  name: string;
  readOnly: boolean;
  onRename: (name: string) => boolean;
}) {
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const done = () => {
    if (text !== name && (text === "" || !onRename(text))) setText(name);
  };
  return (
    <input
      className={styles.input}
      dir="auto"
      aria-label={label}
      value={text}
      readOnly={readOnly}
      onChange={(event) => setText(event.target.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === "Enter" && done()}
    />
  );
}

/** Any value, written as JSON or YAML; taken over when it can be read. */
export function DataText({ label, hint, path, bare }: Shown) {
  const t = useText();
  const field = useField(path);
  const written =
    field.value === undefined
      ? ""
      : typeof field.value === "string"
        ? field.value
        : JSON.stringify(field.value, null, 2);
  const [text, setText] = useState(written);
  const [bad, setBad] = useState(false);
  useEffect(() => setText(written), [written]);
  const done = () => {
    if (text === written) return;
    if (text.trim() === "") return field.unset();
    try {
      field.set(parse(text) as Value);
      setBad(false);
    } catch {
      setBad(true);
    }
  };
  return (
    <TextArea
      label={bare ? "" : label}
      aria-label={label}
      hint={hint}
      error={bad ? t("editor.bad_data") : field.error}
      value={text}
      onChange={setText}
      onBlur={done}
      isReadOnly={field.readOnly}
      mono
      rows={4}
    />
  );
}

function freeName(keys: readonly string[]): string {
  for (let number = keys.length + 1; ; number += 1) if (!keys.includes(`name_${number}`)) return `name_${number}`;
}
