import { Plus, Trash2 } from "lucide-react";
import type { Provider } from "~/api/settings";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { FieldSet, TextField } from "~/ui/field";
import { Select } from "~/ui/select";
import { ROLES } from "./roles";
import styles from "./settings.module.css";

interface Props {
  providers: Provider[];
  /** Our address as the outside sees it. */
  ours: string;
  onChange: (providers: Provider[]) => void;
}

const NEW: Provider = { id: "", name: "", issuer: "", client_id: "", domains: [], newcomers: null };

/** Providers of OpenID Connect through which people may sign in; saved with the other settings. */
export function Providers({ providers, ours, onChange }: Props) {
  const t = useText();
  const put = (at: number, part: Partial<Provider>) =>
    onChange(providers.map((one, index) => (index === at ? { ...one, ...part } : one)));
  return (
    <FieldSet legend={t("providers.title")}>
      {providers.length === 0 && <p className={styles.quiet}>{t("providers.none")}</p>}
      {providers.map((provider, at) => (
        <One
          // biome-ignore lint/suspicious/noArrayIndexKey: the id is typed here, and rows keep their order.
          key={at}
          provider={provider}
          back={`${ours}/api/v1/oidc/${provider.id || "…"}/callback`}
          onChange={(part) => put(at, part)}
          onRemove={() => onChange(providers.filter((_, index) => index !== at))}
        />
      ))}
      <div>
        <Button icon={<Plus size={16} aria-hidden />} onPress={() => onChange([...providers, NEW])}>
          {t("providers.add")}
        </Button>
      </div>
    </FieldSet>
  );
}

interface OneProps {
  provider: Provider;
  back: string;
  onChange: (part: Partial<Provider>) => void;
  onRemove: () => void;
}

function One({ provider, back, onChange, onRemove }: OneProps) {
  const t = useText();
  const newcomers = ROLES.filter((role) => role !== "admin").map((id) => ({ id, label: t(`role.${id}`) }));
  const listed = (text: string) => text.toLowerCase().split(/[\s,;،，]+/u);
  return (
    <div className={styles.provider}>
      <div className={styles.bar}>
        <strong>
          <bdi>{provider.name || t("providers.add")}</bdi>
        </strong>
        <IconButton
          size="s"
          label={t("providers.remove", { name: provider.name })}
          icon={<Trash2 size={16} aria-hidden />}
          onPress={onRemove}
        />
      </div>
      <TextField
        label={t("providers.name")}
        isRequired
        maxLength={40}
        value={provider.name}
        onChange={(name) => onChange({ name })}
      />
      <TextField
        label={t("providers.id")}
        isRequired
        mono
        maxLength={40}
        pattern="[a-z0-9\-]+"
        value={provider.id}
        onChange={(id) => onChange({ id })}
      />
      <TextField
        label={t("providers.issuer")}
        hint={t("providers.issuer_hint")}
        isRequired
        mono
        type="url"
        value={provider.issuer}
        onChange={(issuer) => onChange({ issuer })}
      />
      <TextField
        label={t("providers.client")}
        isRequired
        mono
        value={provider.client_id}
        onChange={(id) => onChange({ client_id: id })}
      />
      <TextField
        label={t("providers.secret")}
        hint={t("providers.secret_hint")}
        type="password"
        autoComplete="off"
        value={provider.secret ?? ""}
        onChange={(secret) => onChange({ secret: secret || undefined })}
      />
      <TextField
        label={t("providers.domains")}
        hint={t("providers.domains_hint")}
        mono
        value={provider.domains.join(", ")}
        onChange={(text) => onChange({ domains: text === "" ? [] : listed(text) })}
      />
      <Select
        label={t("providers.newcomers")}
        value={provider.newcomers ?? ""}
        choices={[{ id: "", label: t("providers.invited") }, ...newcomers]}
        onChange={(role) => onChange({ newcomers: role || null })}
      />
      <div className={styles.lines}>
        <span className={styles.quiet}>{t("providers.back")}</span>
        <code dir="ltr" className={styles.address}>
          {back}
        </code>
      </div>
    </div>
  );
}
