//! What starts the flow, and the flow's own name.

import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { Menu } from "~/ui/menu";
import { Select } from "~/ui/select";
import { insertItems, parsePath, removeItem, setValue, snippetOf, type Value } from "~/yaml";
import { type Catalog, catalogQuery } from "../api";
import { triggerInWords, usualFirst } from "../model/cards";
import type { Trigger } from "../model/model";
import { edit, isOpen, useEditor, useEditorStore } from "../state/editor";
import { at, useProblems } from "../state/problems";
import { ConditionField } from "./condition-field";
import { documentOf, errorAt, useRefused } from "./field";
import styles from "./inspector.module.css";
import { More, SchemaFields } from "./schema-fields";
import { PlainField } from "./values";

export function TriggerForm() {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const picture = useEditor((state) => state.picture);
  const { data: catalog } = useQuery(catalogQuery);
  const on = useEditor((state) => at(documentOf(state), ["on"]));
  const error = errorAt(useProblems(), "on");
  const add = (type: string) => {
    const value = freshTrigger(type, catalog);
    const before = picture.triggers.length;
    refused(
      edit(store, (source) => {
        if (picture.triggerList) return insertItems(source, ["on"], before, snippetOf(value));
        const all = before === 0 ? [value] : [on as Value, value];
        return setValue(source, ["on"], all, ["format", "flow", "name", "note", "on"]);
      }),
    );
  };
  const entries = usualFirst(Object.keys(catalog?.triggers ?? {})).map((id) => ({
    id,
    label: triggerInWords(id, t),
    do: () => add(id),
  }));
  return (
    <>
      {picture.triggers.map((trigger) => (
        <OneTrigger key={trigger.path} trigger={trigger} many={picture.triggers.length > 1} />
      ))}
      {picture.triggers.length === 0 && error && <span className={styles.error}>{error}</span>}
      {open && (
        <Menu
          trigger={
            <Button size="s" icon={<Plus size={14} aria-hidden />}>
              {t("editor.add_trigger")}
            </Button>
          }
          label={t("editor.add_trigger")}
          entries={entries}
        />
      )}
      <ConditionField label={t("editor.form.when")} hint={t("editor.form.when_hint")} path={["when"]} />
      <More label={t("editor.about_flow")}>
        <PlainField label={t("editor.flow_name")} path={["name"]} />
        <PlainField label={t("editor.adv.note")} path={["note"]} />
      </More>
    </>
  );
}

/** A trigger as it is written first: with a place for its parameters where it cannot be without them. */
function freshTrigger(type: string, catalog: Catalog | undefined): Value {
  return (catalog?.triggers[type]?.params.required?.length ?? 0) > 0 ? { [type]: {} } : type;
}

function OneTrigger({ trigger, many }: { trigger: Trigger; many: boolean }) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const { data: catalog } = useQuery(catalogQuery);
  const path = parsePath(trigger.path);
  const spec = catalog?.triggers[trigger.type];
  const written = useEditor((state) => at(documentOf(state), path));
  const error = errorAt(useProblems(), trigger.path);
  const bare = typeof written === "string";
  const hasParams = Object.keys(spec?.params.properties ?? {}).length > 0;
  const choices = usualFirst(Object.keys(catalog?.triggers ?? {})).map((id) => ({ id, label: triggerInWords(id, t) }));
  if (!spec) choices.unshift({ id: trigger.type, label: triggerInWords(trigger.type, t) });
  const change = (type: string) => {
    const fresh = freshTrigger(type, catalog);
    const value = trigger.when === null ? fresh : { [type]: {}, when: trigger.when };
    refused(edit(store, (source) => setValue(source, path, value)));
  };
  const remove = () => refused(edit(store, (source) => removeItem(source, path.slice(0, -1), Number(path.at(-1)))));
  return (
    <section className={styles.box} aria-label={triggerInWords(trigger.type, t)}>
      <div className={styles.box_head}>
        <Select
          label={t("editor.form.trigger")}
          choices={choices}
          value={trigger.type}
          onChange={change}
          isDisabled={!open}
        />
        {open && many && (
          <IconButton
            size="s"
            label={t("editor.take_away", { what: triggerInWords(trigger.type, t) })}
            icon={<X size={14} aria-hidden />}
            onPress={remove}
          />
        )}
      </div>
      {hasParams &&
        spec &&
        (bare ? (
          open && (
            <Button
              size="s"
              onPress={() => refused(edit(store, (source) => setValue(source, path, { [trigger.type]: {} })))}
            >
              {t("editor.form.narrow")}
            </Button>
          )
        ) : (
          <SchemaFields schema={spec.params} path={[...path, trigger.type]} templates={false} />
        ))}
      {!bare && <ConditionField label={t("editor.form.trigger_when")} path={[...path, "when"]} />}
      {error && <span className={styles.error}>{error}</span>}
    </section>
  );
}
