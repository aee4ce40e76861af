import { useQuery } from "@tanstack/react-query";
import { type FormEvent, lazy, Suspense, useState } from "react";
import { queries } from "~/api/queries";
import { type Settings, type StoredSettings, saveSettings, settingsQuery, systemQuery } from "~/api/settings";
import { useText } from "~/i18n";
import { LOCALES, type Locale } from "~/i18n/locales";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Checkbox, FieldSet, Switch, TextField } from "~/ui/field";
import { Card, explain, Facts, Loaded } from "~/ui/page";
import { By } from "~/ui/person";
import { ComboBox, Select } from "~/ui/select";
import { Skeleton } from "~/ui/skeleton";
import { Time } from "~/ui/time";
import { toast } from "~/ui/toast";
import { Providers } from "./providers";
import { ROLES } from "./roles";
import styles from "./settings.module.css";

const RetentionCard = lazy(() => import("./retention"));

export function WorkspaceTab() {
  const t = useText();
  const settings = useQuery(settingsQuery);
  const system = useQuery(systemQuery);
  return (
    <div className={styles.cards}>
      <Card title={t("workspace.settings")}>
        <Loaded read={settings} lines={3}>
          {(found) => (
            <Editor key={found.revision} found={found} ours={system.data?.public_url ?? window.location.origin} />
          )}
        </Loaded>
      </Card>
      <Suspense fallback={<Skeleton lines={3} />}>
        <RetentionCard />
      </Suspense>
      <Card title={t("workspace.system")}>
        <Loaded read={system} lines={3}>
          {(found) => (
            <Facts
              rows={[
                [
                  t("workspace.version"),
                  <code key="version" dir="ltr">
                    {found.version}
                  </code>,
                ],
                [
                  t("workspace.address"),
                  <code key="url" dir="ltr">
                    {found.public_url}
                  </code>,
                ],
                [t("workspace.since"), <Time key="since" at={found.started_at} as="full" />],
              ]}
            />
          )}
        </Loaded>
      </Card>
    </div>
  );
}

const zones = () => Intl.supportedValuesOf("timeZone").map((id) => ({ id, label: id }));

/** A comma at the end of a list of domains is none. */
const withoutBlanks = (settings: Settings): Settings => ({
  ...settings,
  oidc: settings.oidc.map((one) => ({ ...one, domains: one.domains.filter(Boolean) })),
});

function Editor({ found, ours }: { found: StoredSettings; ours: string }) {
  const t = useText();
  const { revision, changed_by, changed_at, ...given } = found;
  const [settings, setSettings] = useState<Settings>(given);
  const [error, setError] = useState<unknown>(null);
  const put = (part: Partial<Settings>) => setSettings((old) => ({ ...old, ...part }));
  const { require_totp: required } = settings;
  const ask = (role: string, on: boolean) =>
    put({ require_totp: on ? [...required, role] : required.filter((one) => one !== role) });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      await saveSettings(withoutBlanks(settings), revision);
      toast(t("me.saved"));
      await queries.invalidateQueries({ queryKey: ["settings"] });
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <form className={styles.form} onSubmit={save}>
      {error !== null && (
        <Banner tone="bad" reveal>
          {explain(error, t("error.offline"))}
        </Banner>
      )}
      <TextField
        label={t("workspace.name")}
        isRequired
        maxLength={80}
        value={settings.name}
        onChange={(name) => put({ name })}
      />
      <Select
        label={t("workspace.language")}
        hint={t("workspace.language_hint")}
        value={settings.language}
        choices={(Object.keys(LOCALES) as Locale[]).map((id) => ({ id, label: LOCALES[id].name }))}
        onChange={(language) => put({ language })}
      />
      <ComboBox
        label={t("workspace.zone")}
        choices={zones()}
        value={settings.time_zone}
        onChange={(zone) => put({ time_zone: zone })}
      />
      <TextField
        label={t("workspace.country")}
        hint={t("workspace.country_hint")}
        maxLength={2}
        value={settings.country}
        onChange={(country) => put({ country: country.toUpperCase() })}
      />
      <Switch isSelected={settings.approval} onChange={(approval) => put({ approval })}>
        {t("workspace.approval")}
      </Switch>
      <FieldSet legend={t("workspace.totp")}>
        {ROLES.map((role) => (
          <Checkbox key={role} isSelected={required.includes(role)} onChange={(on) => ask(role, on)}>
            {t(`role.${role}`)}
          </Checkbox>
        ))}
      </FieldSet>
      <Providers providers={settings.oidc} ours={ours} onChange={(oidc) => put({ oidc })} />
      <div className={styles.bar}>
        <Button type="submit" look="primary">
          {t("ui.save")}
        </Button>
        {changed_at && (
          <span className={styles.quiet}>
            <Time at={changed_at} /> · <By who={changed_by ?? ""} />
          </span>
        )}
      </div>
    </form>
  );
}
