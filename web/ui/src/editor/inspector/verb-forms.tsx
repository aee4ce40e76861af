//! The form of each kind of step.

import { useQuery } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { Select } from "~/ui/select";
import { parsePath } from "~/yaml";
import { catalogQuery } from "../api";
import { actionInWords, laneInWords, triggerInWords } from "../model/cards";
import type { Lane, Step } from "../model/model";
import { asText, isWrittenMap } from "../model/view";
import { ancestors } from "../model/walk";
import { renameAt, setAt, unset } from "../state/commands";
import { goTo, isOpen, useEditor, useEditorStore } from "../state/editor";
import { DataText, ListField, MapField, NameInput } from "./collections";
import { ConditionField } from "./condition-field";
import { useField, useRefused } from "./field";
import styles from "./inspector.module.css";
import { KnownField } from "./pick";
import { SchemaFields } from "./schema-fields";
import {
  BooleanField,
  ChoiceField,
  DurationField,
  FormulaText,
  NumberField,
  PlainField,
  TemplateField,
} from "./values";

/** What is set for a step, by its verb. */
export function VerbForm({ step }: { step: Step }) {
  const t = useText();
  const path = parsePath(step.path);
  const at = (...keys: string[]) => [...path, ...keys];
  switch (step.verb) {
    case "do":
      return <ActionForm step={step} />;
    case "if":
      return <ConditionField label={t("editor.form.if")} path={at("if")} required />;
    case "switch":
      return (
        <>
          <Expression label={t("editor.form.switch")} path={at("switch")} />
          <Ways
            step={step}
            root={at("cases")}
            kind="case"
            label={t("editor.form.cases")}
            add={t("editor.form.add_case")}
          />
        </>
      );
    case "for_each":
      return (
        <>
          <Expression label={t("editor.form.for_each")} path={at("for_each")} />
          <PlainField label={t("editor.form.as")} hint={t("editor.form.as_hint")} path={at("as")} mono />
          <NumberField label={t("editor.form.limit")} hint={t("editor.form.limit_hint")} path={at("limit")} />
        </>
      );
    case "parallel":
      return (
        <>
          <Ways
            step={step}
            root={at("parallel")}
            kind="branch"
            label={t("editor.form.branches")}
            add={t("editor.form.add_branch")}
          />
          <ChoiceField
            label={t("editor.form.join")}
            path={at("join")}
            choices={[
              { id: "all", label: t("editor.form.join_all") },
              { id: "first", label: t("editor.form.join_first") },
            ]}
          />
        </>
      );
    case "repeat":
      return (
        <>
          <NumberField label={t("editor.form.max")} path={at("repeat", "max")} required />
          <ConditionField
            label={t("editor.form.until")}
            hint={t("editor.form.until_hint")}
            path={at("repeat", "until")}
          />
        </>
      );
    case "again":
      return <AgainForm step={step} />;
    case "ask":
      return <AskForm step={step} />;
    case "wait_for":
      return <WaitForForm step={step} />;
    case "wait":
      return <WaitForm step={step} />;
    case "set":
      return (
        <MapField
          label={t("editor.form.set")}
          hint={t("editor.form.set_hint")}
          path={at("set")}
          nameLabel={t("editor.name_of")}
          required
          typed
        />
      );
    case "script":
      return <ScriptForm path={at("script")} />;
    case "stop":
      return <StopForm step={step} />;
    case "run_flow":
      return <RunFlowForm step={step} />;
    case "answer_webhook":
      return (
        <>
          <NumberField
            label={t("editor.form.status")}
            hint={t("editor.form.status_hint")}
            path={at("answer_webhook", "status")}
          />
          <DataText label={t("editor.form.body")} path={at("answer_webhook", "body")} />
        </>
      );
    default:
      return <p className={styles.hint}>{t("editor.form.no_verb")}</p>;
  }
}

function Expression({ label, path }: { label: string; path: readonly string[] }) {
  const t = useText();
  const field = useField(path, true);
  return <FormulaText label={label} hint={t("editor.form.expression_hint")} field={field} />;
}

function ScriptForm({ path }: { path: readonly string[] }) {
  const t = useText();
  const field = useField(path, true);
  return <FormulaText label={t("editor.form.script")} hint={t("editor.form.script_hint")} field={field} />;
}

function ActionForm({ step }: { step: Step }) {
  const t = useText();
  const { data: catalog } = useQuery(catalogQuery);
  const path = parsePath(step.path);
  const field = useField([...path, "do"], true);
  const name = asText(step.data.do);
  const action = catalog?.actions[name];
  const choices = Object.keys(catalog?.actions ?? {}).map((id) => ({ id, label: actionInWords(id, t) }));
  if (!choices.some(({ id }) => id === name)) choices.unshift({ id: name, label: actionInWords(name, t) });
  return (
    <>
      <Select
        label={t("editor.form.action")}
        choices={choices}
        value={name}
        onChange={field.setText}
        isDisabled={field.readOnly}
      />
      {field.error && <span className={styles.error}>{field.error}</span>}
      {action && <SchemaFields schema={action.input} path={[...path, "with"]} templates />}
    </>
  );
}

/** Cases or branches: named ways that are added, renamed and taken away. */
function Ways({
  step,
  root,
  kind,
  label,
  add,
}: {
  step: Step;
  root: readonly string[];
  kind: Lane["kind"];
  label: string;
  add: string;
}) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const ways = step.lanes.filter((lane) => lane.kind === kind);
  const fresh = () => {
    for (let number = ways.length + 1; ; number += 1) {
      const name = kind === "case" ? `value ${number}` : `branch_${number}`;
      if (!ways.some((way) => way.label === name)) return name;
    }
  };
  return (
    <fieldset className={styles.set}>
      <legend className={styles.label}>{label}</legend>
      {ways.map((way) => (
        <div key={way.path} className={styles.row}>
          <NameInput
            label={label}
            name={way.label ?? ""}
            readOnly={!open}
            onRename={(name) => refused(renameAt(store, parsePath(way.path), name))}
          />
          {open && (
            <IconButton
              size="s"
              label={t("editor.take_away", { what: laneInWords(way, t) })}
              icon={<X size={14} aria-hidden />}
              onPress={() => refused(unset(store, parsePath(way.path)))}
            />
          )}
        </div>
      ))}
      {open && (
        <Button
          size="s"
          icon={<Plus size={14} aria-hidden />}
          onPress={() => refused(setAt(store, [...root, fresh()], []))}
        >
          {add}
        </Button>
      )}
    </fieldset>
  );
}

function AgainForm({ step }: { step: Step }) {
  const t = useText();
  const picture = useEditor((state) => state.picture);
  const rounds = ancestors(picture, step.path).filter(({ verb }) => verb === "repeat");
  const choices = rounds.flatMap(({ id }) => (id ? [{ id, label: id }] : []));
  return <ChoiceField label={t("editor.form.again")} path={[...parsePath(step.path), "again"]} choices={choices} />;
}

function AskForm({ step }: { step: Step }) {
  const t = useText();
  const path = parsePath(step.path);
  const at = (key: string) => [...path, key];
  return (
    <>
      <TemplateField label={t("editor.form.ask")} path={at("ask")} required />
      <ListField label={t("editor.form.choices")} hint={t("editor.form.choices_hint")} path={at("choices")} />
      <DurationField label={t("editor.form.timeout")} path={at("timeout")} required never />
      <ConditionField label={t("editor.form.check")} hint={t("editor.form.check_hint")} path={at("check")} />
      <TemplateField label={t("editor.form.else_ask")} path={at("else_ask")} />
      <NumberField label={t("editor.form.tries")} path={at("tries")} />
      <PlainField label={t("editor.form.into")} hint={t("editor.form.into_hint")} path={at("into")} mono />
      <Branches step={step} />
    </>
  );
}

function WaitForForm({ step }: { step: Step }) {
  const t = useText();
  const path = parsePath(step.path);
  const { data: catalog } = useQuery(catalogQuery);
  const awaited = step.data.wait_for;
  const type = isWrittenMap(awaited) ? (Object.keys(awaited)[0] ?? "") : asText(awaited);
  const field = useField([...path, "wait_for"], true);
  const choices = Object.values(catalog?.triggers ?? {})
    .filter(
      (trigger) =>
        trigger.in_conversation && trigger.name !== "conversation.no_reply" && trigger.name !== "flow.called",
    )
    .map(({ name }) => ({ id: name, label: triggerInWords(name, t) }));
  const params = catalog?.triggers[type]?.params;
  return (
    <>
      <Select
        label={t("editor.form.wait_for")}
        choices={choices}
        value={type}
        onChange={field.setText}
        isDisabled={field.readOnly}
      />
      {params &&
        Object.keys(params.properties ?? {}).length > 0 &&
        (isWrittenMap(awaited) ? (
          <SchemaFields schema={params} path={[...path, "wait_for", type]} templates={false} />
        ) : (
          <Button size="s" isDisabled={field.readOnly} onPress={() => field.set({ [type]: {} })}>
            {t("editor.form.narrow")}
          </Button>
        ))}
      <ConditionField label={t("editor.form.match")} hint={t("editor.form.match_hint")} path={[...path, "match"]} />
      <DurationField label={t("editor.form.timeout")} path={[...path, "timeout"]} required never />
      <BooleanField label={t("editor.form.take")} hint={t("editor.form.take_hint")} path={[...path, "take"]} />
      <Branches step={step} />
    </>
  );
}

/** The ways on from a question or an awaited event, which a step may have or not. */
function Branches({ step }: { step: Step }) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  if (!open || step.lanes.some(({ kind }) => kind === "on_timeout")) return null;
  return (
    <Button
      size="s"
      icon={<Plus size={14} aria-hidden />}
      onPress={() =>
        refused(setAt(store, [...parsePath(step.path), "on_timeout"], [])) &&
        goTo(store, { kind: "empty", list: `${step.path}/on_timeout` })
      }
    >
      {t("editor.form.add_timeout")}
    </Button>
  );
}

function WaitForm({ step }: { step: Step }) {
  const t = useText();
  const path = [...parsePath(step.path), "wait"];
  const field = useField(path, true);
  const mode = isWrittenMap(field.value) ? (field.value.business_hours !== undefined ? "open" : "until") : "for";
  const change = (next: string) => {
    if (next === "for") field.set("1h");
    else field.set(next === "open" ? { business_hours: "" } : { until: "" });
  };
  const modes = ["for", "until", "open"].map((id) => ({ id, label: t(`editor.wait.${id}`) }));
  return (
    <>
      <Select
        label={t("editor.form.wait")}
        choices={modes}
        value={mode}
        onChange={change}
        isDisabled={field.readOnly}
      />
      {mode === "for" && <DurationField label={t("editor.form.how_long")} path={path} required />}
      {mode === "until" && (
        <TemplateField
          label={t("editor.form.until_time")}
          hint={t("editor.form.until_time_hint")}
          path={[...path, "until"]}
          required
        />
      )}
      {mode === "until" && (
        <PlainField label={t("editor.field.zone")} hint={t("editor.form.zone_hint")} path={[...path, "zone"]} />
      )}
      {mode === "open" && (
        <KnownField kind="calendar" label={t("editor.form.calendar")} path={[...path, "business_hours"]} required />
      )}
    </>
  );
}

function StopForm({ step }: { step: Step }) {
  const t = useText();
  const path = [...parsePath(step.path), "stop"];
  const field = useField(path, true);
  const how = isWrittenMap(field.value) ? asText(field.value.as) || "done" : "done";
  const reason = isWrittenMap(field.value) ? asText(field.value.reason) : asText(field.value);
  const choices = ["done", "failed"].map((id) => ({ id, label: t(`editor.stop.${id}`) }));
  const change = (next: string) =>
    next === "done" ? field.set(reason) : field.set(reason ? { as: next, reason } : { as: next });
  return (
    <>
      <Select
        label={t("editor.form.stop")}
        choices={choices}
        value={how}
        onChange={change}
        isDisabled={field.readOnly}
      />
      <TemplateField
        label={t("editor.form.reason")}
        path={isWrittenMap(field.value) ? [...path, "reason"] : path}
        required={!isWrittenMap(field.value)}
      />
    </>
  );
}

function RunFlowForm({ step }: { step: Step }) {
  const t = useText();
  const path = parsePath(step.path);
  return (
    <>
      <KnownField
        kind="called"
        label={t("editor.form.run_flow")}
        hint={t("editor.form.run_flow_hint")}
        path={[...path, "run_flow"]}
        required
      />
      <MapField label={t("editor.form.input")} path={[...path, "with"]} nameLabel={t("editor.name_of")} typed />
      <BooleanField label={t("editor.form.wait_end")} path={[...path, "wait"]} />
    </>
  );
}
