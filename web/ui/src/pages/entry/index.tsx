import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { ApiError } from "~/api/client";
import { queries } from "~/api/queries";
import { acceptInvitation, finishSignIn, sessionQuery, setUp, signedOut, signIn } from "~/api/session";
import type { Session, SignedOut } from "~/api/types";
import { activate, useText } from "~/i18n";
import { duration } from "~/i18n/format";
import { isLocale } from "~/i18n/locales";
import { LanguageMenu } from "~/shell/menus";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import styles from "./entry.module.css";

/** The shortest password that is taken; the server holds the same. */
const LEAST_CHARACTERS = 10;

function Frame({ title, about, children }: { title: string; about?: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Switchboard`;
  }, [title]);
  return (
    <main className={styles.frame}>
      <div className={styles.corner}>
        <LanguageMenu keep={false} />
      </div>
      <div className={styles.card}>
        <img src="/icon.svg" alt="" width={44} height={44} />
        <h1>{title}</h1>
        {about && <p className={styles.about}>{about}</p>}
        {children}
      </div>
    </main>
  );
}

/** What all three forms do: send, say what is wrong, go on to the app. */
function useEntry(enter: () => Promise<Session>) {
  const t = useText();
  const navigate = useNavigate();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { user } = await enter();
      if (isLocale(user.language)) await activate(user.language);
      await navigate({ href: next() });
    } catch (caught) {
      // A new password was chosen and a second factor is on: signing in asks for it.
      if (caught instanceof ApiError && caught.code === "code_needed" && window.location.pathname !== "/sign-in") {
        await navigate({ to: "/sign-in", search: {} });
      }
      setError(caught instanceof ApiError ? caught : new ApiError(0, "offline", String(caught)));
    } finally {
      setBusy(false);
    }
  };
  const words = error && tell(error, t);
  return { busy, error, submit, banner: words && <Banner tone="bad">{words}</Banner> };
}

function tell(error: ApiError, t: ReturnType<typeof useText>): string | null {
  if (error.code === "code_needed") return null;
  if (error.code === "link_gone") return t("entry.link_gone");
  if (error.code === "wrong_credentials") return t("entry.wrong");
  if (error.code === "too_many_tries") return t("entry.too_many", { wait: duration((error.retryAfter ?? 60) * 1000) });
  return explain(error, t("error.offline"));
}

/** Where somebody wanted to go before signing in; only ever a place of this app. */
function next(): string {
  const wanted = new URLSearchParams(window.location.search).get("next") ?? "/";
  const url = new URL(wanted, window.location.origin);
  return url.origin === window.location.origin ? `${url.pathname}${url.search}` : "/";
}

/** What stands after `#`: it never reaches a server's log. */
function token(): string {
  return window.location.hash.slice(1);
}

export function SignIn() {
  const t = useText();
  const { refused, code: provider } = useSearch({ from: "/sign-in" });
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const [outside, setOutside] = useState<SignedOut>({});
  const { busy, error, submit, banner } = useEntry(() => signIn({ email, password, ...(code && { code }) }));
  const asksCode = error?.code === "code_needed" || code !== "";
  useEffect(() => {
    queries.fetchQuery(sessionQuery).catch((caught) => setOutside(signedOut(caught) ?? {}));
  }, []);
  if (outside.setup_needed) {
    return (
      <Frame title={t("entry.setup_needed")} about={t("entry.setup_needed_text")}>
        <LinkFromTerminal />
      </Frame>
    );
  }
  if (provider) return <Half provider={provider} />;
  return (
    <Frame title={t("entry.sign_in")}>
      <form className={styles.form} onSubmit={submit}>
        {banner}
        {refused && !banner && (
          <Banner tone="bad">{t(`entry.refused.${REFUSED.has(refused) ? refused : "provider_failed"}`)}</Banner>
        )}
        <TextField
          label={t("entry.email")}
          type="email"
          autoComplete="username"
          isRequired
          value={email}
          onChange={setEmail}
        />
        <TextField
          label={t("entry.password")}
          type="password"
          autoComplete="current-password"
          isRequired
          value={password}
          onChange={setPassword}
        />
        {asksCode && (
          <TextField
            label={t("entry.code")}
            hint={t("entry.code_hint")}
            inputMode="numeric"
            autoComplete="one-time-code"
            autoFocus
            value={code}
            onChange={setCode}
          />
        )}
        <Button type="submit" look="primary" isDisabled={busy}>
          {t("entry.sign_in")}
        </Button>
        {(outside.oidc?.length ?? 0) > 0 && <p className={styles.or}>{t("entry.or")}</p>}
        {outside.oidc?.map(({ id, name }) => (
          <a key={id} className={styles.outside} href={`/api/v1/oidc/${encodeURIComponent(id)}`}>
            {t("entry.with", { name })}
          </a>
        ))}
      </form>
    </Frame>
  );
}

/** Why a provider's word did not let somebody in; what is newer than this page is told as the last of them. */
const REFUSED = new Set(
  "bound_to_another denied domain_refused email_unverified no_provider not_believed not_invited stale switched_off provider_failed".split(
    " ",
  ),
);

/** The provider vouched for somebody; the code of their own second factor is missing. */
function Half({ provider }: { provider: string }) {
  const t = useText();
  const [code, setCode] = useState("");
  const { busy, error, submit, banner } = useEntry(() => finishSignIn(provider, code));
  return (
    <Frame title={t("entry.half")} about={t("entry.half_text")}>
      <form className={styles.form} onSubmit={submit}>
        {banner}
        <TextField
          label={t("entry.code")}
          hint={t("entry.code_hint")}
          error={error?.code === "code_needed" ? error.message : null}
          inputMode="numeric"
          autoComplete="one-time-code"
          autoFocus
          isRequired
          value={code}
          onChange={setCode}
        />
        <Button type="submit" look="primary" isDisabled={busy}>
          {t("entry.sign_in")}
        </Button>
      </form>
    </Frame>
  );
}

function LinkFromTerminal() {
  return (
    <pre className={styles.terminal} dir="ltr">
      https://…/setup#…
    </pre>
  );
}

function NewPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const t = useText();
  return (
    <TextField
      label={t("entry.new_password")}
      hint={t("entry.password_hint", { n: LEAST_CHARACTERS })}
      type="password"
      autoComplete="new-password"
      minLength={LEAST_CHARACTERS}
      isRequired
      value={value}
      onChange={onChange}
    />
  );
}

/** Makes the first admin; the link with the token is printed when the server starts for the first time. */
export function SetUp() {
  const t = useText();
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const { busy, submit, banner } = useEntry(() => setUp({ token: token(), name, email, password }));
  return (
    <Frame title={t("entry.set_up")} about={t("entry.set_up_text")}>
      <form className={styles.form} onSubmit={submit}>
        {!token() && <Banner tone="warn">{t("entry.no_token")}</Banner>}
        {banner}
        <TextField label={t("entry.name")} autoComplete="name" isRequired value={name} onChange={setName} />
        <TextField
          label={t("entry.email")}
          type="email"
          autoComplete="username"
          isRequired
          value={email}
          onChange={setEmail}
        />
        <NewPassword value={password} onChange={setPassword} />
        <Button type="submit" look="primary" isDisabled={busy || !token()}>
          {t("entry.set_up_do")}
        </Button>
      </form>
    </Frame>
  );
}

/** Somebody who was invited chooses a name and a password. */
export function Invitation() {
  const t = useText();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { busy, submit, banner } = useEntry(() => acceptInvitation({ token: token(), name, password }));
  return (
    <Frame title={t("entry.invited")} about={t("entry.invited_text")}>
      <form className={styles.form} onSubmit={submit}>
        {!token() && <Banner tone="warn">{t("entry.no_token")}</Banner>}
        {banner}
        <TextField label={t("entry.name")} autoComplete="name" isRequired value={name} onChange={setName} />
        <NewPassword value={password} onChange={setPassword} />
        <Button type="submit" look="primary" isDisabled={busy || !token()}>
          {t("entry.join")}
        </Button>
      </form>
    </Frame>
  );
}
