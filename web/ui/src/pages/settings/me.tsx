import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, lazy, Suspense, useState } from "react";
import { withAlarmTexts } from "~/alarms/texts";
import { refreshSession, useSession } from "~/api/session";
import { changeMe, changePassword, signOutEverywhere } from "~/api/settings";
import { activate, currentLocale, useText } from "~/i18n";
import { LOCALES, type Locale } from "~/i18n/locales";
import { applyTheme, keptTheme, stored, type Theme } from "~/shell/theme";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { TextField } from "~/ui/field";
import { Card, explain, Facts } from "~/ui/page";
import { Select } from "~/ui/select";
import { Skeleton } from "~/ui/skeleton";
import { toast, toastError } from "~/ui/toast";
import { RoleName } from "./roles";
import styles from "./settings.module.css";
import { SecondFactor } from "./totp";

const DevicesCard = lazy(() => withAlarmTexts(import("~/alarms/devices")));

export function MeTab() {
  const t = useText();
  const { user } = useSession();
  return (
    <div className={styles.cards}>
      <Card title={t("me.profile")}>
        <Profile />
      </Card>
      <Card title={t("me.password")}>
        <Password />
      </Card>
      <Card title={t("totp.title")}>
        <SecondFactor />
      </Card>
      <Suspense fallback={<Skeleton lines={2} />}>
        <DevicesCard />
      </Suspense>
      <Card title={t("me.access")}>
        <div className={styles.form}>
          <Facts
            rows={[
              [t("entry.email"), <bdi key="email">{user.email}</bdi>],
              [t("users.role"), <RoleName key="role" role={user.role} publisher={user.publisher} />],
            ]}
          />
          <SignOutEverywhere />
        </div>
      </Card>
    </div>
  );
}

function Profile() {
  const t = useText();
  const { user } = useSession();
  const [name, setName] = useState(user.name);
  const [theme, setTheme] = useState<Theme>(keptTheme);
  const change = async (part: Parameters<typeof changeMe>[0]) => {
    try {
      await changeMe(part);
      await refreshSession();
      toast(t("me.saved"));
    } catch (error) {
      toastError(error);
    }
  };
  const speak = async (locale: Locale) => {
    await activate(locale);
    await change({ language: locale });
  };
  const paint = async (next: Theme) => {
    applyTheme(next);
    setTheme(next);
    await change({ theme: stored(next) });
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void change({ name });
      }}
    >
      <TextField label={t("entry.name")} value={name} onChange={setName} isRequired />
      <Select
        label={t("shell.language")}
        value={currentLocale()}
        choices={(Object.keys(LOCALES) as Locale[]).map((id) => ({ id, label: LOCALES[id].name }))}
        onChange={(id) => void speak(id as Locale)}
      />
      <Select
        label={t("me.theme")}
        value={theme}
        choices={(["system", "light", "dark"] as const).map((id) => ({ id, label: t(`look.${id}`) }))}
        onChange={(id) => void paint(id as Theme)}
      />
      <div>
        <Button type="submit" look="primary" isDisabled={name.trim() === "" || name === user.name}>
          {t("ui.save")}
        </Button>
      </div>
    </form>
  );
}

function Password() {
  const t = useText();
  const [old, setOld] = useState("");
  const [fresh, setFresh] = useState("");
  const [error, setError] = useState<unknown>(null);
  const change = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      await changePassword(old, fresh);
      setOld("");
      setFresh("");
      toast(t("me.password_changed"));
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <form className={styles.form} onSubmit={change}>
      {error !== null && (
        <Banner tone="bad" reveal>
          {explain(error, t("error.offline"))}
        </Banner>
      )}
      <TextField
        label={t("me.old_password")}
        type="password"
        autoComplete="current-password"
        isRequired
        value={old}
        onChange={setOld}
      />
      <TextField
        label={t("entry.new_password")}
        type="password"
        autoComplete="new-password"
        isRequired
        value={fresh}
        onChange={setFresh}
      />
      <div>
        <Button type="submit" isDisabled={old === "" || fresh === ""}>
          {t("me.change_password")}
        </Button>
      </div>
    </form>
  );
}

function SignOutEverywhere() {
  const t = useText();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const leave = async () => {
    try {
      await signOutEverywhere();
      await navigate({ to: "/sign-in", search: {} });
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <div>
      <Button onPress={() => setAsking(true)}>{t("me.sign_out_everywhere")}</Button>
      <Confirm
        title={t("me.sign_out_everywhere")}
        text={<p>{t("me.sign_out_text")}</p>}
        action={t("shell.sign_out")}
        isOpen={asking}
        onClose={() => setAsking(false)}
        onConfirm={leave}
      />
    </div>
  );
}
