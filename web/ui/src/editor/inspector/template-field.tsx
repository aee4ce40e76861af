//! The name of a template, with its text in the language it is sent in and the values it leaves open.

import { useQuery } from "@tanstack/react-query";
import { type AccountTemplate, accountTemplatesQuery } from "~/api/templates";
import { currentLocale, useText } from "~/i18n";
import { languageName, listed } from "~/i18n/format";
import { Button } from "~/ui/button";
import { setValue } from "~/yaml";
import { asText, isWrittenMap } from "../model/view";
import { edit, isOpen, useEditor, useEditorStore } from "../state/editor";
import { at } from "../state/problems";
import { oneAfterTheOther } from "../state/wrap";
import { documentOf, useRefused } from "./field";
import styles from "./inspector.module.css";
import { KnownField, PickField } from "./pick";
import type { Shown } from "./values";

/** The template that `fields` names, in each language it is approved in. */
function useTemplate(fields: readonly string[]): AccountTemplate[] {
  const name = useEditor((state) => asText(at(documentOf(state), [...fields, "template"])));
  const { data } = useQuery(accountTemplatesQuery);
  return (data?.templates ?? []).filter((template) => template.name === name);
}

export function TemplateName({ data, ...shown }: Shown & { data: boolean }) {
  const fields = shown.path.slice(0, -1);
  const language = useEditor((state) => asText(at(documentOf(state), [...fields, "language"])));
  const all = useTemplate(fields);
  const speaks = (wanted: string) =>
    wanted === "" ? undefined : all.find((template) => template.language.startsWith(wanted));
  const template = speaks(language) ?? speaks(currentLocale()) ?? speaks("en") ?? all[0];
  return (
    <>
      <KnownField {...shown} kind="template" data={data} />
      {template && (
        <figure className={styles.sample}>
          <blockquote dir="auto" lang={template.language.replace("_", "-")}>
            {template.body}
          </blockquote>
          <figcaption className={styles.hint}>
            {listed([...new Set([template, ...all].map((own) => languageName(own.language)))])}
          </figcaption>
        </figure>
      )}
      {template && <Values template={template} fields={fields} />}
    </>
  );
}

/** Offers places for the values that the template wants and the step does not give. */
function Values({ template, fields }: { template: AccountTemplate; fields: readonly string[] }) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const place = [...fields, "params"];
  const params = useEditor((state) => at(documentOf(state), place));
  const there = isWrittenMap(params) ? params : null;
  const missing = template.params.filter((name) => !Object.hasOwn(there ?? {}, name));
  if (!open || missing.length === 0 || (params !== undefined && !there)) return null;
  const add = () =>
    refused(
      edit(store, (source) =>
        there
          ? oneAfterTheOther(
              source,
              missing.map((name) => (now) => setValue(now, [...place, name], "")),
            )
          : setValue(source, place, Object.fromEntries(missing.map((name) => [name, ""]))),
      ),
    );
  // The button goes once nothing is missing: the focus moves on to the first value that wants to be filled in.
  const press = ({ target }: { target: Element }) => {
    const form = target.parentElement;
    if (!add()) return;
    requestAnimationFrame(() => {
      const boxes = [...(form?.querySelectorAll<HTMLElement>("[role=textbox]") ?? [])];
      boxes.find(({ textContent }) => textContent === "")?.focus();
    });
  };
  return (
    <Button size="s" onPress={press}>
      {t("editor.pick.values", { names: listed(missing) })}
    </Button>
  );
}

/** The language of a template: those it is approved in. */
export function TemplateLanguage({ data, ...shown }: Shown & { data: boolean }) {
  const all = useTemplate(shown.path.slice(0, -1));
  const names = all.map(({ language }) => ({ id: language, title: languageName(language) }));
  return <PickField {...shown} data={data} names={{ names, all: names.length > 0 }} />;
}
