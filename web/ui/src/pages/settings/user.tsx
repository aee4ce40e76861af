import { type FormEvent, useState } from "react";
import { queries } from "~/api/queries";
import { changeUser, inviteUser } from "~/api/settings";
import type { User } from "~/api/types";
import { useText } from "~/i18n";
import { LOCALES, type Locale } from "~/i18n/locales";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { Checkbox, TextField } from "~/ui/field";
import { Code } from "~/ui/json";
import { explain } from "~/ui/page";
import { Select } from "~/ui/select";
import { toast } from "~/ui/toast";
import { ROLES } from "./roles";
import styles from "./settings.module.css";

/** Invites somebody, or changes who somebody is here. */
export function UserDialog({ user, onClose }: { user: User | null; onClose: () => void }) {
  const t = useText();
  const [name, setName] = useState(user?.name ?? "");
  const [email, setEmail] = useState(user?.email ?? "");
  const [role, setRole] = useState(user?.role ?? "agent");
  const [publisher, setPublisher] = useState(user?.publisher ?? false);
  const [language, setLanguage] = useState(user?.language || "en");
  const [link, setLink] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      if (user) {
        await changeUser(user, { name, role, publisher, language });
        toast(t("me.saved"));
        onClose();
      } else {
        const { invitation } = await inviteUser({ name, email, role, publisher, language });
        setLink(new URL(invitation, window.location.origin).href);
      }
      await queries.invalidateQueries({ queryKey: ["users"] });
    } catch (caught) {
      setError(caught);
    }
  };
  if (link) {
    return (
      <Dialog
        title={t("users.invited_title", { name })}
        isOpen
        onClose={onClose}
        footer={
          <Button look="primary" onPress={onClose}>
            {t("ui.done")}
          </Button>
        }
      >
        <p>{t("users.invited_text")}</p>
        <Code text={link} label={t("users.link")} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t(user ? "users.edit" : "users.invite")} isOpen onClose={onClose}>
      <form className={styles.form} onSubmit={save}>
        {error !== null && (
          <Banner tone="bad" reveal>
            {explain(error, t("error.offline"))}
          </Banner>
        )}
        <TextField label={t("users.name")} isRequired value={name} onChange={setName} />
        <TextField
          label={t("entry.email")}
          type="email"
          isRequired
          isDisabled={user !== null}
          value={email}
          onChange={setEmail}
        />
        <Select
          label={t("users.role")}
          value={role}
          choices={ROLES.map((id) => ({ id, label: t(`role.${id}`), detail: t(`role_about.${id}`) }))}
          onChange={setRole}
        />
        <Checkbox isSelected={publisher} onChange={setPublisher}>
          {t("users.publisher")}
        </Checkbox>
        <Select
          label={t("shell.language")}
          value={language}
          choices={(Object.keys(LOCALES) as Locale[]).map((id) => ({ id, label: LOCALES[id].name }))}
          onChange={setLanguage}
        />
        <div>
          <Button type="submit" look="primary">
            {t(user ? "ui.save" : "users.invite")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
