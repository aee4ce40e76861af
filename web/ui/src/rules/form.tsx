//! One rule to edit: what it listens to, what must be so, what it then does.

import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { catalogQuery } from "~/editor/api";
import { ConditionField } from "~/editor/inspector/condition-field";
import { documentOf, errorAt, useField, useRefused } from "~/editor/inspector/field";
import inspector from "~/editor/inspector/inspector.module.css";
import { useKnown } from "~/editor/inspector/known";
import { PickInput } from "~/editor/inspector/pick";
import { More, SchemaFields } from "~/editor/inspector/schema-fields";
import { ChoiceField, DurationField, PlainField, TemplateField } from "~/editor/inspector/values";
import { triggerInWords } from "~/editor/model/cards";
import type { Trigger } from "~/editor/model/model";
import { RULE_KEYS } from "~/editor/model/verbs";
import { asText } from "~/editor/model/view";
import { edit, isOpen, useEditor, useEditorStore } from "~/editor/state/editor";
import { at } from "~/editor/state/problems";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { Switch } from "~/ui/field";
import { Menu } from "~/ui/menu";
import { parsePath, removeItem, setValue, type Value } from "~/yaml";
import { setFlag } from "./commands";
import type { RuleView } from "./model";
import styles from "./rules.module.css";
import { Sentence } from "./sentence";
import { TagsField } from "./tags-field";

export function RuleForm({ rule, tags }: { rule: RuleView; tags: readonly string[] }) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const path = parsePath(rule.path);
  const then = [...path, "then"];
  const priorities = ["low", "medium", "high"].map((id) => ({ id, label: t(`priority.${id}`) }));
  return (
    <div className={inspector.form}>
      <p className={styles.preview}>
        <Sentence rule={rule} />
      </p>
      <PlainField label={t("rules.name")} hint={t("rules.id_is", { id: rule.id })} path={[...path, "name"]} />
      <section className={styles.part} aria-label={t("rules.part.on")}>
        <h2>{t("rules.part.on")}</h2>
        <Triggers rule={rule} />
      </section>
      <section className={styles.part} aria-label={t("rules.part.when")}>
        <h2>{t("rules.part.when")}</h2>
        <ConditionField label={t("rules.part.when_all")} hint={t("rules.part.when_hint")} path={[...path, "when"]} />
      </section>
      <section className={styles.part} aria-label={t("rules.part.then")}>
        <h2>{t("rules.part.then")}</h2>
        <TagsField label={t("rules.give_tags")} path={[...then, "add_tags"]} known={tags} />
        {rule.does.add.length > 0 && <DurationField label={t("rules.keep")} path={[...then, "for"]} />}
        <TagsField
          label={t("rules.take_tags")}
          hint={t("rules.take_hint")}
          path={[...then, "remove_tags"]}
          known={tags}
        />
        <ChoiceField label={t("rules.set_priority")} path={[...then, "priority"]} choices={priorities} />
        <More label={t("rules.more_actions")} open={rule.does.team !== null || rule.does.language !== null}>
          <TeamField path={[...then, "escalate"]} />
          {rule.does.team !== null && (
            <>
              <DurationField label={t("editor.field.accept_within")} path={[...then, "escalate", "accept_within"]} />
              <TemplateField label={t("editor.field.reason")} path={[...then, "escalate", "reason"]} />
            </>
          )}
          <PlainField label={t("rules.set_language")} path={[...then, "language"]} />
        </More>
      </section>
      <section className={styles.part} aria-label={t("rules.part.how")}>
        <h2>{t("rules.part.how")}</h2>
        <Switch
          isSelected={rule.watch}
          isDisabled={!open}
          onChange={(on) => refused(setFlag(store, rule, "watch", on))}
        >
          <span>
            {t("rules.watch")}
            <span className={styles.explained}>{t("rules.watch_text")}</span>
          </span>
        </Switch>
        <Switch isSelected={rule.stop} isDisabled={!open} onChange={(on) => refused(setFlag(store, rule, "stop", on))}>
          <span>
            {t("rules.stop")}
            <span className={styles.explained}>{t("rules.stop_text")}</span>
          </span>
        </Switch>
      </section>
    </div>
  );
}

/** Which team is asked; without one nobody is, and the rest of the demand goes too. */
function TeamField({ path }: { path: readonly string[] }) {
  const t = useText();
  const team = useField([...path, "team"]);
  const demand = useField(path);
  return (
    <PickInput
      label={t("rules.team")}
      hint={t("rules.team_hint")}
      names={useKnown("team")}
      error={team.error}
      value={asText(team.value)}
      onChange={(text) => (text === "" ? demand.unset() : team.set(text))}
      readOnly={team.readOnly}
    />
  );
}

/** What the rule listens to; only what brings a contact is on offer. */
function Triggers({ rule }: { rule: RuleView }) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const { data: catalog } = useQuery(catalogQuery);
  const place = [...parsePath(rule.path), "on"];
  const written = useEditor((state) => at(documentOf(state), place));
  const error = errorAt(
    useEditor((state) => state.problems),
    place.join("/"),
  );
  const add = (type: string) => {
    const needs = (catalog?.triggers[type]?.params.required?.length ?? 0) > 0;
    const value: Value = needs ? { [type]: {} } : type;
    const all = Array.isArray(written) ? written : rule.triggers.length === 0 ? [] : [written ?? null];
    const next: Value = all.length === 0 ? value : [...(all as Value[]), value];
    refused(edit(store, (source) => setValue(source, place, next, RULE_KEYS)));
  };
  const entries = Object.entries(catalog?.triggers ?? {})
    .filter(([id, spec]) => spec.in_conversation && id !== "schedule.cron")
    .filter(([id]) => !rule.triggers.some(({ type }) => type === id))
    .map(([id]) => ({ id, label: triggerInWords(id, t), do: () => add(id) }));
  return (
    <>
      {rule.triggers.map((trigger) => (
        <OneTrigger key={trigger.path} trigger={trigger} many={rule.triggers.length > 1} />
      ))}
      {rule.triggers.length === 0 && error && <span className={inspector.error}>{error}</span>}
      {open && (
        <Menu
          trigger={
            <Button size="s" icon={<Plus size={14} aria-hidden />}>
              {t("rules.add_event")}
            </Button>
          }
          label={t("rules.add_event")}
          entries={entries}
        />
      )}
    </>
  );
}

function OneTrigger({ trigger, many }: { trigger: Trigger; many: boolean }) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const { data: catalog } = useQuery(catalogQuery);
  const path = parsePath(trigger.path);
  const schema = catalog?.triggers[trigger.type]?.params;
  const bare = typeof useEditor((state) => at(documentOf(state), path)) === "string";
  const name = triggerInWords(trigger.type, t);
  const narrow = () => refused(edit(store, (source) => setValue(source, path, { [trigger.type]: {} })));
  const remove = () => refused(edit(store, (source) => removeItem(source, path.slice(0, -1), Number(path.at(-1)))));
  const hasParams = Object.keys(schema?.properties ?? {}).length > 0;
  return (
    <div className={styles.trigger}>
      <div className={styles.trigger_head}>
        <span>{name}</span>
        {open && hasParams && bare && (
          <Button size="s" look="plain" onPress={narrow}>
            {t("editor.form.narrow")}
          </Button>
        )}
        {open && many && (
          <IconButton
            size="s"
            label={t("editor.take_away", { what: name })}
            icon={<X size={14} aria-hidden />}
            onPress={remove}
          />
        )}
      </div>
      {schema && !bare && <SchemaFields schema={schema} path={[...path, trigger.type]} templates={false} />}
      {trigger.when && <ConditionField label={t("editor.form.trigger_when")} path={[...path, "when"]} />}
    </div>
  );
}
