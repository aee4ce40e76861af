import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";
import { queries } from "~/api/queries";
import { createToken, revokeToken, rolesQuery, tokensQuery } from "~/api/settings";
import type { Token } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Confirm, Dialog } from "~/ui/dialog";
import { Empty } from "~/ui/empty";
import { Checkbox, FieldSet, TextField } from "~/ui/field";
import { Code } from "~/ui/json";
import { explain, Loaded } from "~/ui/page";
import { Select } from "~/ui/select";
import { Chip } from "~/ui/status";
import { type Column, Table } from "~/ui/table";
import { Time } from "~/ui/time";
import { toastError } from "~/ui/toast";
import styles from "./settings.module.css";

const DAY_MS = 86_400_000;
const LIFE_DAYS = [30, 90, 365];

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();

/** Keys for machines, each with what it may do. */
export function TokensTab() {
  const t = useText();
  const tokens = useQuery(tokensQuery);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  const columns: Column<Token>[] = [
    {
      id: "name",
      name: t("tokens.name"),
      width: "minmax(120px, 1.2fr)",
      cell: (token) => <bdi className={styles.strong}>{token.name}</bdi>,
    },
    {
      id: "scopes",
      name: t("tokens.scopes"),
      width: "minmax(140px, 2.4fr)",
      wide: true,
      cell: (token) => (
        <span className={styles.chips}>
          {token.scopes.map((scope) => (
            <Chip key={scope}>
              <span dir="ltr">{scope}</span>
            </Chip>
          ))}
        </span>
      ),
    },
    {
      id: "used",
      name: t("tokens.used"),
      width: "minmax(96px, 1fr)",
      wide: true,
      cell: (token) => <Time at={token.last_used_at} />,
    },
    {
      id: "until",
      name: t("tokens.until"),
      width: "minmax(96px, 1fr)",
      cell: (token) => (token.expires_at ? <Time at={token.expires_at} /> : t("tokens.forever")),
    },
    {
      id: "revoke",
      name: t("tokens.revoke"),
      width: "minmax(96px, auto)",
      align: "end",
      quiet: true,
      cell: (token) => (
        <Button size="s" onPress={() => setRevoking(token)} aria-label={t("tokens.revoke_named", { name: token.name })}>
          {t("tokens.revoke")}
        </Button>
      ),
    },
  ];
  return (
    <div className={styles.form}>
      <div className={styles.bar}>
        <p className={styles.quiet}>{t("tokens.about")}</p>
        <Button look="primary" icon={<Plus size={16} aria-hidden />} onPress={() => setMaking(true)}>
          {t("tokens.new")}
        </Button>
      </div>
      <Loaded read={tokens}>
        {(found) => (
          <Table
            label={t("settings.tokens")}
            columns={columns}
            rows={found}
            rowKey={(token) => token.id}
            empty={<Empty icon={KeyRound} title={t("tokens.none")} text={t("tokens.about")} />}
          />
        )}
      </Loaded>
      {making && <NewToken onClose={() => setMaking(false)} />}
      <Confirm
        title={t("tokens.revoke_named", { name: revoking?.name })}
        text={<p>{t("tokens.revoke_text")}</p>}
        action={t("tokens.revoke")}
        danger
        isOpen={revoking !== null}
        onClose={() => setRevoking(null)}
        onConfirm={() =>
          revokeToken(revoking?.id ?? "").then(() => queries.invalidateQueries({ queryKey: ["tokens"] }), toastError)
        }
      />
    </div>
  );
}

function NewToken({ onClose }: { onClose: () => void }) {
  const t = useText();
  const { data: roles } = useQuery(rolesQuery);
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set());
  const [days, setDays] = useState("90");
  const [secret, setSecret] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setError(null);
    try {
      const made = await createToken({
        name,
        scopes: [...scopes],
        ...(days !== "" && { expires_at: inDays(Number(days)) }),
      });
      setSecret(made.secret);
      await queries.invalidateQueries({ queryKey: ["tokens"] });
    } catch (caught) {
      setError(caught);
    }
  };
  const tick = (id: string, on: boolean) => {
    const next = new Set(scopes);
    if (on) next.add(id);
    else next.delete(id);
    setScopes(next);
  };
  if (secret) {
    return (
      <Dialog
        title={t("tokens.made")}
        isOpen
        onClose={onClose}
        footer={
          <Button look="primary" onPress={onClose}>
            {t("ui.done")}
          </Button>
        }
      >
        <Banner tone="warn">{t("tokens.once")}</Banner>
        <Code text={secret} label={t("tokens.made")} />
      </Dialog>
    );
  }
  return (
    <Dialog title={t("tokens.new")} isOpen onClose={onClose}>
      <form className={styles.form} onSubmit={make}>
        {error !== null && (
          <Banner tone="bad" reveal>
            {explain(error, t("error.offline"))}
          </Banner>
        )}
        <TextField label={t("tokens.name")} hint={t("tokens.name_hint")} isRequired value={name} onChange={setName} />
        <Select
          label={t("tokens.until")}
          value={days}
          choices={[
            ...LIFE_DAYS.map((n) => ({ id: String(n), label: t("tokens.days", { n }) })),
            { id: "", label: t("tokens.forever") },
          ]}
          onChange={setDays}
        />
        <FieldSet legend={t("tokens.scopes")}>
          {roles?.permissions.map(({ id, what }) => (
            <Checkbox key={id} isSelected={scopes.has(id)} onChange={(on) => tick(id, on)}>
              <span className={styles.lines}>
                <code dir="ltr">{id}</code>
                <span className={styles.quiet} lang="en" dir="ltr">
                  {what}
                </span>
              </span>
            </Checkbox>
          ))}
        </FieldSet>
        <div>
          <Button type="submit" look="primary" isDisabled={name.trim() === "" || scopes.size === 0}>
            {t("tokens.new")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
