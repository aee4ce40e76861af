//! The form of an action or trigger, drawn from its JSON Schema.

import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { type Translate, useText, worded } from "~/i18n";
import { useAbouts } from "~/server/catalog";
import type { Schema } from "../api";
import { fieldInWords } from "../model/cards";
import { isWrittenMap } from "../model/view";
import { useEditor } from "../state/editor";
import { at } from "../state/problems";
import { DataText, KnownList, ListField, MapField } from "./collections";
import { documentOf } from "./field";
import styles from "./inspector.module.css";
import { knownOf } from "./known";
import { KnownField } from "./pick";
import { TemplateLanguage, TemplateName } from "./template-field";
import { BooleanField, ChoiceField, DurationField, NumberField, PlainField, TemplateField } from "./values";

function choiceInWords(word: string, t: Translate): string {
  return worded(`editor.choice.${word}`) ? t(`editor.choice.${word}`) : word;
}

interface Props {
  schema: Schema;
  /** The place of the map that the fields are in. */
  path: readonly string[];
  /** Whether values may have data inserted; those of triggers may not. */
  templates: boolean;
}

/** Required fields and those that are there; the others wait behind "more". */
export function SchemaFields({ schema, path, templates }: Props) {
  const t = useText();
  const value = useEditor((state) => at(documentOf(state), path));
  const present = isWrittenMap(value) ? Object.keys(value) : [];
  // A field that is filled in stays where it was while one writes in it.
  const [begun] = useState(present);
  const required = schema.required ?? [];
  const names = Object.keys(schema.properties ?? {}).sort((a, b) => rank(a, required) - rank(b, required));
  const shown = names.filter((name) => required.includes(name) || begun.includes(name) || name === "params");
  const rest = names.filter((name) => !shown.includes(name));
  const unknown = present.filter((name) => !names.includes(name));
  const draw = (name: string) => (
    <SchemaField
      key={name}
      name={name}
      root={schema}
      path={[...path, name]}
      required={required.includes(name)}
      templates={templates}
    />
  );
  return (
    <>
      {shown.map(draw)}
      {unknown.map((name) => (
        <TemplateField key={name} label={fieldInWords(name, t)} path={[...path, name]} />
      ))}
      {rest.length > 0 && (
        <More label={t("editor.more_fields", { n: rest.length })} open={shown.length === 0 && unknown.length === 0}>
          {rest.map(draw)}
        </More>
      )}
    </>
  );
}

/** In the order in which people think of them, not that of the alphabet. */
const FIRST = [
  "template",
  "text",
  "team",
  "subject",
  "field",
  "value",
  "reason",
  "method",
  "url",
  "after",
  "silent",
  "keywords",
  "tags",
];

function rank(name: string, required: readonly string[]): number {
  const at = FIRST.indexOf(name);
  return (at < 0 ? FIRST.length : at) + (required.includes(name) ? 0 : 100);
}

/** A part of the form that opens when it is wanted; once open its fields stay where they are. */
export function More({ label, open = false, children }: { label: string; open?: boolean; children: React.ReactNode }) {
  const [isExpanded, setExpanded] = useState(open);
  return (
    <Disclosure className={styles.more} isExpanded={isExpanded} onExpandedChange={setExpanded}>
      <Heading level={3} className={styles.more_head}>
        <AriaButton slot="trigger" className={styles.more_button}>
          <ChevronRight size={16} aria-hidden className={isExpanded ? styles.turned : "flip"} />
          {label}
        </AriaButton>
      </Heading>
      <DisclosurePanel>{isExpanded && <div className={styles.more_body}>{children}</div>}</DisclosurePanel>
    </Disclosure>
  );
}

function SchemaField({
  name,
  root,
  path,
  required,
  templates,
}: {
  name: string;
  root: Schema;
  path: readonly string[];
  required: boolean;
  templates: boolean;
}) {
  const t = useText();
  const abouts = useAbouts();
  const own = root.properties?.[name] ?? {};
  const schema = resolved(own, root);
  const about = own.description ?? schema.description;
  const hint = about ? abouts(about).replaceAll("`", "") : null;
  const shown = { label: fieldInWords(name, t), hint, path, required };
  const words = choicesOf(schema);
  if (name === "template") return <TemplateName {...shown} data={templates} />;
  if (name === "language" && root.properties?.template) return <TemplateLanguage {...shown} data={templates} />;
  const kind = knownOf(name);
  if (kind && typeOf(schema) === "string") return <KnownField {...shown} kind={kind} data={templates} />;
  if (kind && typeOf(schema) === "array") return <KnownList {...shown} kind={kind} data={templates} />;
  if (words) return <ChoiceField {...shown} choices={words.map((id) => ({ id, label: choiceInWords(id, t) }))} />;
  const type = typeOf(schema);
  if (schema["x-type"] === "duration") return <DurationField {...shown} />;
  if (type === "boolean") return <BooleanField {...shown} />;
  if (type === "integer" || type === "number")
    return templates ? <TemplateField {...shown} typed /> : <NumberField {...shown} />;
  if (type === "array") {
    const inner = schema.items ? choicesOf(resolved(schema.items, root)) : null;
    return <ListField {...shown} template={templates && !inner} />;
  }
  if (type === "object")
    return <MapField {...shown} nameLabel={t("editor.name_of")} typed={!isText(schema.additionalProperties)} />;
  if (type === "string") return templates ? <TemplateField {...shown} /> : <PlainField {...shown} />;
  return name === "json" ? <DataText {...shown} /> : <TemplateField {...shown} typed />;
}

function isText(schema: boolean | Schema | undefined): boolean {
  return typeof schema === "object" && schema.type === "string";
}

/** A schema with its reference followed. */
function resolved(schema: Schema, root: Schema): Schema {
  const option = schema.anyOf?.find((one) => one.type !== "null");
  const target = schema.$ref ?? option?.$ref;
  if (target) return root.$defs?.[target.replace("#/$defs/", "")] ?? {};
  return option ?? schema;
}

function choicesOf(schema: Schema): string[] | null {
  const words = schema.oneOf?.map((one) => one.const) ?? schema.enum;
  return words?.every((word) => typeof word === "string") ? words : null;
}

function typeOf(schema: Schema): string | undefined {
  return Array.isArray(schema.type) ? schema.type.find((type) => type !== "null") : schema.type;
}
