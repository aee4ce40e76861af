//! Who the flow is tried with, when, and what happens.

import { Plus, X } from "lucide-react";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { TextField } from "~/ui/field";
import { Select } from "~/ui/select";
import type { Catalog } from "../api";
import { More } from "../inspector/schema-fields";
import { actionInWords, triggerInWords, usualFirst } from "../model/cards";
import { parseDuration } from "../model/duration";
import type { Picture } from "../model/model";
import { EventFields } from "./event-fields";
import { messageText, outside, type Scenario, sample, type TriedEvent } from "./scenario";
import styles from "./test.module.css";

interface Props {
  scenario: Scenario;
  catalog: Catalog | undefined;
  picture: Picture;
  onChange: (next: Scenario) => void;
}

const LANGUAGES = ["en", "ru", "ar", "it", "zh_CN"];
const FAILURES = ["", "later", "refused", "unknown", "auth", "down"];

export function ScenarioForm({ scenario, catalog, picture, onChange }: Props) {
  const t = useText();
  const set = (part: Partial<Scenario>) => onChange({ ...scenario, ...part });
  const event = (key: number, part: Partial<TriedEvent>) =>
    set({ events: scenario.events.map((own) => (own.key === key ? { ...own, ...part } : own)) });
  const next = Math.max(0, ...scenario.events.map(({ key }) => key)) + 1;
  const actions = outside(picture);
  return (
    <>
      <fieldset className={styles.events}>
        <legend>{t("editor.what_happens")}</legend>
        {scenario.events.map((own) => (
          <OneEvent
            key={own.key}
            event={own}
            catalog={catalog}
            onChange={(part) => event(own.key, part)}
            onRemove={
              scenario.events.length > 1
                ? () => set({ events: scenario.events.filter(({ key }) => key !== own.key) })
                : null
            }
          />
        ))}
        <Button
          size="s"
          icon={<Plus size={14} aria-hidden />}
          onPress={() =>
            set({
              events: [
                ...scenario.events,
                {
                  key: next,
                  at: "1h",
                  type: "whatsapp.message_received",
                  fields: sample("whatsapp.message_received", catalog),
                },
              ],
            })
          }
        >
          {t("editor.add_event")}
        </Button>
      </fieldset>
      <More label={t("editor.test_contact")}>
        <TextField label={t("editor.field.name")} value={scenario.name} onChange={(name) => set({ name })} />
        <TextField label={t("editor.field.phone")} value={scenario.phone} onChange={(phone) => set({ phone })} />
        <Select
          label={t("editor.field.language")}
          choices={LANGUAGES.map((id) => ({ id, label: id }))}
          value={scenario.language}
          onChange={(language) => set({ language })}
        />
        <TextField label={t("editor.field.tags")} value={scenario.tags} onChange={(tags) => set({ tags })} />
      </More>
      <More label={t("editor.test_time")}>
        <label className={styles.start}>
          {t("editor.test_start")}
          <input type="datetime-local" value={scenario.start} onChange={({ target }) => set({ start: target.value })} />
        </label>
        <TextField label={t("editor.field.zone")} value={scenario.zone} onChange={(zone) => set({ zone })} />
      </More>
      {actions.length > 0 && (
        <More label={t("editor.test_answers")}>
          {actions.map((action) => (
            <Select
              key={action}
              label={actionInWords(action, t)}
              choices={FAILURES.map((id) => ({ id, label: t(`editor.fail.${id || "no"}`) }))}
              value={scenario.fails[action] ?? ""}
              onChange={(how) => set({ fails: { ...scenario.fails, [action]: how } })}
            />
          ))}
        </More>
      )}
    </>
  );
}

interface EventProps {
  event: TriedEvent;
  catalog: Catalog | undefined;
  onChange: (part: Partial<TriedEvent>) => void;
  onRemove: (() => void) | null;
}

function OneEvent({ event, catalog, onChange, onRemove }: EventProps) {
  const t = useText();
  const types = usualFirst(Object.keys(catalog?.triggers ?? {})).map((id) => ({ id, label: triggerInWords(id, t) }));
  const words = messageText(event);
  return (
    <div className={styles.event}>
      <div className={styles.event_row}>
        <TextField
          label={t("editor.test_at")}
          value={event.at}
          onChange={(at) => onChange({ at })}
          error={parseDuration(event.at) === null ? t("editor.bad_duration") : null}
        />
        <Select
          label={t("editor.test_event")}
          choices={types}
          value={event.type}
          onChange={(type) => onChange({ type, fields: sample(type, catalog) })}
        />
        {onRemove && (
          <IconButton
            size="s"
            label={t("editor.take_away", { what: triggerInWords(event.type, t) })}
            icon={<X size={14} aria-hidden />}
            onPress={onRemove}
          />
        )}
      </div>
      {words !== null ? (
        <TextField
          label={t("editor.field.text")}
          value={words}
          onChange={(text) => onChange({ fields: JSON.stringify({ text }) })}
        />
      ) : (
        <EventFields fields={event.fields} onChange={(fields) => onChange({ fields })} />
      )}
    </div>
  );
}
