//! What most steps never need: names, what happens when a call fails, connections.

import { useQuery } from "@tanstack/react-query";
import { get } from "~/api/client";
import type { Connection } from "~/api/types";
import { useText } from "~/i18n";
import { Switch } from "~/ui/field";
import { Select } from "~/ui/select";
import { parsePath } from "~/yaml";
import { catalogQuery } from "../api";
import type { Step } from "../model/model";
import { asText } from "../model/view";
import { setAt, setId, unset } from "../state/commands";
import { goTo, isOpen, useEditor, useEditorStore } from "../state/editor";
import { ListField, NameInput } from "./collections";
import { useField, useRefused } from "./field";
import styles from "./inspector.module.css";
import { PickField } from "./pick";
import { More } from "./schema-fields";
import { ChoiceField, DurationField, PlainField } from "./values";

export function Advanced({ step }: { step: Step }) {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const open = useEditor(isOpen);
  const path = parsePath(step.path);
  return (
    <More label={t("editor.advanced")}>
      <PlainField label={t("editor.adv.name")} hint={t("editor.adv.name_hint")} path={[...path, "name"]} />
      <PlainField label={t("editor.adv.note")} hint={t("editor.adv.note_hint")} path={[...path, "note"]} />
      <div className={styles.field}>
        <span className={styles.label}>{t("editor.adv.id")}</span>
        <NameInput
          label={t("editor.adv.id")}
          name={step.id ?? ""}
          readOnly={!open}
          onRename={(id) => refused(setId(store, step.path, id))}
        />
        <span className={styles.hint}>{t("editor.adv.id_hint", { id: step.id ?? "id" })}</span>
      </div>
      {(step.verb === "do" || step.verb === "ask") && <ConnectionField step={step} />}
      {step.verb === "do" && (
        <>
          <RetryField step={step} />
          <DurationField
            label={t("editor.adv.expires")}
            hint={t("editor.adv.expires_hint")}
            path={[...path, "expires"]}
          />
          <ChoiceField
            label={t("editor.adv.on_unknown")}
            hint={t("editor.adv.on_unknown_hint")}
            path={[...path, "on_unknown"]}
            choices={[{ id: "resend", label: t("editor.adv.resend") }]}
          />
        </>
      )}
      <Switch
        isSelected={step.data.on_error !== undefined}
        isDisabled={!open}
        onChange={(on) => {
          const place = [...path, "on_error"];
          if (refused(on ? setAt(store, place, []) : unset(store, place)) && on)
            goTo(store, { kind: "empty", list: `${step.path}/on_error` });
        }}
      >
        {t("editor.adv.on_error")}
      </Switch>
    </More>
  );
}

/** The accounts that can do what the step does. */
function ConnectionField({ step }: { step: Step }) {
  const t = useText();
  const { data: catalog } = useQuery(catalogQuery);
  const { data } = useQuery({
    queryKey: ["connections"],
    queryFn: () => get<{ connections: Connection[] }>("/connections"),
  });
  const action = step.verb === "ask" ? "whatsapp.send_text" : asText(step.data.do);
  const able = (data?.connections ?? []).filter(({ connector }) => catalog?.serves[connector ?? ""]?.includes(action));
  if (able.length === 0 && step.data.connection === undefined) return null;
  return (
    <PickField
      label={t("editor.field.connection")}
      hint={t("editor.default")}
      path={[...parsePath(step.path), "connection"]}
      names={{ names: able.map(({ id, connector }) => ({ id, title: connector })), all: data !== undefined }}
      data={false}
    />
  );
}

function RetryField({ step }: { step: Step }) {
  const t = useText();
  const path = [...parsePath(step.path), "retry"];
  const field = useField(path);
  const mode = Array.isArray(field.value) ? "own" : asText(field.value) || "standard";
  const choices = ["standard", "none", "own"].map((id) => ({ id, label: t(`editor.retry.${id}`) }));
  const change = (next: string) => {
    if (next === "own") field.set(["1s", "30s", "5m"]);
    else if (next === "standard") field.unset();
    else field.set(next);
  };
  return (
    <>
      <Select
        label={t("editor.adv.retry")}
        choices={choices}
        value={mode}
        onChange={change}
        isDisabled={field.readOnly}
      />
      {mode === "own" && (
        <ListField label={t("editor.adv.pauses")} hint={t("editor.adv.pauses_hint")} path={path} required />
      )}
    </>
  );
}
