import { type FormEvent, useState } from "react";
import { type StoredProfile, saveProfile } from "~/api/desk";
import { queries } from "~/api/queries";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { FieldSet, TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import { toast } from "~/ui/toast";
import styles from "./settings.module.css";
import { words } from "./words";

/** Services whose buttons count as pressed by this person, and the CRM in which contacts are theirs. */
const SERVICES = { slack: "Slack", telegram: "Telegram", hubspot: "HubSpot" };

/** What somebody speaks, knows and can bear, and who they are elsewhere. */
export function AgentDialog({ agent, onClose }: { agent: StoredProfile; onClose: () => void }) {
  const t = useText();
  const [languages, setLanguages] = useState(agent.languages.join(", "));
  const [skills, setSkills] = useState(agent.skills.join(", "));
  const [limit, setLimit] = useState(agent.limit === null ? "" : String(agent.limit));
  const [handles, setHandles] = useState(agent.handles);
  const [error, setError] = useState<unknown>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    const known = Object.fromEntries(Object.entries(handles).filter(([, handle]) => handle !== ""));
    const profile = {
      languages: words(languages),
      skills: words(skills),
      limit: limit === "" ? null : Number(limit),
      handles: known,
    };
    try {
      await saveProfile(agent.user.id, profile, agent.revision);
      await queries.invalidateQueries({ queryKey: ["teams"] });
      toast(t("me.saved"));
      onClose();
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <Dialog title={agent.user.name} isOpen onClose={onClose}>
      <form className={styles.form} onSubmit={save}>
        {error !== null && (
          <Banner tone="bad" reveal>
            {explain(error, t("error.offline"))}
          </Banner>
        )}
        <TextField
          label={t("teams.languages")}
          hint={t("teams.languages_hint")}
          value={languages}
          onChange={setLanguages}
        />
        <TextField label={t("teams.skills")} hint={t("teams.skills_hint")} value={skills} onChange={setSkills} />
        <TextField
          label={t("teams.limit")}
          hint={t("teams.limit_hint")}
          type="number"
          placeholder={t("teams.as_team")}
          value={limit}
          onChange={setLimit}
        />
        <FieldSet legend={t("teams.handles")}>
          {Object.entries(SERVICES).map(([service, name]) => (
            <TextField
              key={service}
              label={name}
              value={handles[service] ?? ""}
              onChange={(handle) => setHandles({ ...handles, [service]: handle })}
            />
          ))}
        </FieldSet>
        <div>
          <Button type="submit" look="primary">
            {t("ui.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
