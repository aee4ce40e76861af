import { type FormEvent, useState } from "react";
import { refreshSession, useSession } from "~/api/session";
import { beginTotp, confirmTotp, endTotp } from "~/api/settings";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { TextField } from "~/ui/field";
import { Code } from "~/ui/json";
import { explain } from "~/ui/page";
import { Badge } from "~/ui/status";
import { toast } from "~/ui/toast";
import styles from "./settings.module.css";

/** A second factor: off, being set up, on. Recovery codes are shown once. */
export function SecondFactor() {
  const t = useText();
  const { user } = useSession();
  const [secret, setSecret] = useState<{ secret: string; otpauth: string } | null>(null);
  const [recovery, setRecovery] = useState<string[]>([]);
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(null);
  const attempt = (work: () => Promise<void>) => async (event?: FormEvent) => {
    event?.preventDefault();
    setError(null);
    await work().catch(setError);
    setText("");
  };
  const begin = attempt(async () => setSecret(await beginTotp()));
  const confirm = attempt(async () => {
    setRecovery((await confirmTotp(text)).recovery_codes);
    setSecret(null);
    await refreshSession();
  });
  const end = attempt(async () => {
    await endTotp(text);
    await refreshSession();
    toast(t("totp.ended"));
  });
  return (
    <div className={styles.form}>
      {error !== null && (
        <Banner tone="bad" reveal>
          {explain(error, t("error.offline"))}
        </Banner>
      )}
      {recovery.length > 0 && (
        <>
          <Banner tone="warn">{t("totp.recovery")}</Banner>
          <Code text={recovery.join("\n")} label={t("totp.codes")} />
        </>
      )}
      {!user.totp && !secret && recovery.length === 0 && (
        <>
          <p>{t("totp.text")}</p>
          <div>
            <Button onPress={() => void begin()}>{t("totp.begin")}</Button>
          </div>
        </>
      )}
      {secret && (
        <form className={styles.form} onSubmit={confirm}>
          <p>{t("totp.add")}</p>
          <Code text={secret.secret} label={t("totp.secret")} />
          <a href={secret.otpauth}>{t("totp.open_app")}</a>
          <TextField
            label={t("entry.code")}
            inputMode="numeric"
            autoComplete="one-time-code"
            isRequired
            value={text}
            onChange={setText}
          />
          <div>
            <Button type="submit" look="primary">
              {t("totp.confirm")}
            </Button>
          </div>
        </form>
      )}
      {user.totp && recovery.length === 0 && (
        <form className={styles.form} onSubmit={end}>
          <div>
            <Badge tone="good">{t("totp.on")}</Badge>
          </div>
          <TextField
            label={t("entry.password")}
            type="password"
            autoComplete="current-password"
            isRequired
            value={text}
            onChange={setText}
          />
          <div>
            <Button type="submit">{t("totp.end")}</Button>
          </div>
        </form>
      )}
    </div>
  );
}
