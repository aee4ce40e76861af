import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { queries } from "~/api/queries";
import { type Settings, saveSettings, settingsQuery, systemQuery } from "~/api/settings";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { TextArea } from "~/ui/field";
import { Card, explain, Facts, Loaded } from "~/ui/page";
import { Time } from "~/ui/time";
import { toast } from "~/ui/toast";
import { parse } from "../run/retry";
import styles from "./settings.module.css";

export function WorkspaceTab() {
  const t = useText();
  const settings = useQuery(settingsQuery);
  const system = useQuery(systemQuery);
  return (
    <div className={styles.cards}>
      <Card title={t("workspace.settings")}>
        <Loaded read={settings} lines={3}>
          {(found) => <Editor key={String(found.revision)} found={found} />}
        </Loaded>
      </Card>
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
                [t("workspace.since"), <Time key="since" at={found.started_at} />],
              ]}
            />
          )}
        </Loaded>
      </Card>
    </div>
  );
}

function Editor({ found }: { found: Settings }) {
  const t = useText();
  const [text, setText] = useState(() => JSON.stringify(found.settings, null, 2));
  const [error, setError] = useState<unknown>(null);
  const value = parse(text);
  const good = typeof value === "object" && value !== null && !Array.isArray(value);
  const save = async () => {
    setError(null);
    try {
      await saveSettings({ settings: good ? value : {}, revision: found.revision });
      toast(t("me.saved"));
      await queries.invalidateQueries({ queryKey: ["settings"] });
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <div className={styles.form}>
      {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
      <TextArea
        label={t("workspace.json")}
        hint={t("workspace.json_hint")}
        error={good ? null : t("retry.not_json")}
        mono
        rows={10}
        value={text}
        onChange={setText}
      />
      <div>
        <Button look="primary" isDisabled={!good} onPress={save}>
          {t("ui.save")}
        </Button>
      </div>
    </div>
  );
}
