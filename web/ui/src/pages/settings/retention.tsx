import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { queries } from "~/api/queries";
import {
  type Retention,
  retentionQuery,
  type Settings,
  type StoredSettings,
  saveSettings,
  settingsQuery,
} from "~/api/settings";
import { useText } from "~/i18n";
import { bytes } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { TextField } from "~/ui/field";
import { Card, explain, Loaded } from "~/ui/page";
import { Select } from "~/ui/select";
import { toast } from "~/ui/toast";
import styles from "./settings.module.css";

/** Days that are offered; 0 is for ever. */
const AGES = [0, 30, 90, 365, 2555];
const YEAR = 365;

/** For how long what happened is kept, and what a change of that would remove now. */
export default function RetentionCard() {
  const t = useText();
  const settings = useQuery(settingsQuery);
  return (
    <Card title={t("retention.title")}>
      <Loaded read={settings} lines={3}>
        {(found) => <Form key={found.revision} found={found} />}
      </Loaded>
    </Card>
  );
}

/** A bound is shortened when it is lower, and when there was none. */
const shortens = (old: number, now: number) => now !== 0 && (old === 0 || now < old);

function Form({ found }: { found: StoredSettings }) {
  const t = useText();
  const { revision, changed_by: _by, changed_at: _at, ...settings } = found;
  const old = found.retention;
  const [draft, setDraft] = useState<Retention>(old);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const put = (part: Partial<Retention>) => setDraft((before) => ({ ...before, ...part }));
  const shorter =
    shortens(old.runs_days, draft.runs_days) ||
    shortens(old.messages_days, draft.messages_days) ||
    shortens(old.most_mb, draft.most_mb);
  const save = async () => {
    setError(null);
    try {
      const changed: Settings = { ...settings, retention: draft };
      await saveSettings(changed, revision);
      toast(t("me.saved"));
      await queries.invalidateQueries({ queryKey: ["settings"] });
    } catch (caught) {
      setError(caught);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (shorter) setAsking(true);
    else void save();
  };
  const age = (days: number) => {
    if (days === 0) return t("retention.for_ever");
    return days % YEAR === 0 ? t("retention.years", { n: days / YEAR }) : t("retention.days", { n: days });
  };
  const choices = (days: number) =>
    [...new Set([...AGES, days])].sort((one, other) => one - other).map((id) => ({ id: String(id), label: age(id) }));
  return (
    <form className={styles.form} onSubmit={submit}>
      {error !== null && (
        <Banner tone="bad" reveal>
          {explain(error, t("error.offline"))}
        </Banner>
      )}
      <Select
        label={t("retention.runs")}
        hint={t("retention.runs_hint")}
        value={String(draft.runs_days)}
        choices={choices(old.runs_days)}
        onChange={(days) => put({ runs_days: Number(days) })}
      />
      <Select
        label={t("retention.messages")}
        hint={t("retention.messages_hint")}
        value={String(draft.messages_days)}
        choices={choices(old.messages_days)}
        onChange={(days) => put({ messages_days: Number(days) })}
      />
      <TextField
        label={t("retention.most")}
        hint={t("retention.most_hint")}
        type="number"
        placeholder={t("retention.any")}
        value={draft.most_mb === 0 ? "" : String(draft.most_mb)}
        onChange={(mb) => put({ most_mb: Number(mb) })}
      />
      <WouldGo draft={draft} />
      <div>
        <Button type="submit" look="primary">
          {t("ui.save")}
        </Button>
      </div>
      <Confirm
        title={t("retention.confirm_title")}
        text={
          <>
            <p>{t("retention.confirm_text")}</p>
            <WouldGo draft={draft} />
          </>
        }
        action={t("retention.confirm")}
        danger
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={save}
      />
    </form>
  );
}

/** What would be removed now, were this set. */
function WouldGo({ draft }: { draft: Retention }) {
  const t = useText();
  const { data } = useQuery(retentionQuery(draft));
  if (!data) return <p className={styles.quiet}>{t("retention.counting")}</p>;
  const { runs, messages, events, more, used_bytes: used } = data;
  const ages = draft.runs_days !== 0 || draft.messages_days !== 0;
  return (
    <p className={styles.quiet} aria-live="polite">
      {ages && `${t(more ? "retention.would_more" : "retention.would", { runs, messages, events })} `}
      {t("retention.used", { size: bytes(used) })}
    </p>
  );
}
