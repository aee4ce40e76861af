import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  checkConnection,
  connectionsQuery,
  type Findings,
  type NewConnection,
  saveConnection,
  setUpConnection,
} from "~/api/connections";
import { queries } from "~/api/queries";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Dialog } from "~/ui/dialog";
import { TextField } from "~/ui/field";
import { explain } from "~/ui/page";
import { toastError } from "~/ui/toast";
import { Address } from "./address";
import styles from "./connections.module.css";
import { type Asked, KINDS, type Kind } from "./connectors";
import { FindingList } from "./findings";

/** A new connection in three steps: which kind, what it needs, does it work. */
export function Wizard({ id, onClose }: { id?: string | undefined; onClose: () => void }) {
  const t = useText();
  const [kind, setKind] = useState<Kind | null>(null);
  const [found, setFound] = useState<Findings | null>(null);
  const at = found ? 3 : kind ? 2 : 1;
  return (
    <Dialog title={t("connections.add")} isOpen onClose={onClose}>
      <p className={styles.at}>{t("connections.step", { at, of: 3 })}</p>
      {!kind && <Kinds onChoose={setKind} />}
      {kind && !found && <Form kind={kind} wanted={id} onBack={() => setKind(null)} onSaved={setFound} />}
      {kind && found && <Saved kind={kind} found={found} onFound={setFound} onClose={onClose} />}
    </Dialog>
  );
}

interface SavedProps {
  kind: Kind;
  found: Findings;
  onFound: (found: Findings) => void;
  onClose: () => void;
}

/** Whether it works, and what is left to do at the other side. */
function Saved({ kind, found, onFound, onClose }: SavedProps) {
  const t = useText();
  const [busy, setBusy] = useState(false);
  const all = useQuery(connectionsQuery).data;
  const webhook = all?.find(({ id }) => id === found.connection)?.webhook;
  const setUp = async () => {
    setBusy(true);
    await setUpConnection(found.connection).then(onFound, toastError);
    setBusy(false);
  };
  return (
    <div className={styles.card}>
      <Banner tone={found.good ? "good" : "warn"}>
        {t(found.good ? "connections.all_good" : "connections.not_yet")}
      </Banner>
      <FindingList found={found} />
      {webhook && (
        <>
          <p>{t(`connection_next.${kind.connector.replace(".", "_")}`)}</p>
          <Address text={webhook} />
        </>
      )}
      <div className={styles.buttons}>
        {!found.good && (
          <Button isDisabled={busy} onPress={() => void setUp()}>
            {t("connections.set_up")}
          </Button>
        )}
        <Button look="primary" onPress={onClose}>
          {t("ui.done")}
        </Button>
      </div>
    </div>
  );
}

function Kinds({ onChoose }: { onChoose: (kind: Kind) => void }) {
  const t = useText();
  return (
    <ul className={styles.kinds}>
      {KINDS.map((kind) => (
        <li key={kind.connector}>
          <button type="button" className={styles.choice} onClick={() => onChoose(kind)}>
            <strong dir="ltr">{kind.name}</strong>
            <span>{t(`connector.${kind.connector.replace(".", "_")}`)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

interface FormProps {
  kind: Kind;
  /** What it is to be called; nothing = as its kind. */
  wanted: string | undefined;
  onBack: () => void;
  onSaved: (found: Findings) => void;
}

function Form({ kind, wanted, onBack, onSaved }: FormProps) {
  const t = useText();
  const [id, setId] = useState(wanted || kind.id);
  const [values, setValues] = useState<Record<string, string>>({});
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await saveConnection(id, { connector: kind.connector, ...split(kind.asked, values) });
      await queries.invalidateQueries({ queryKey: ["connections"] });
      onSaved(await checkConnection(id));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <form className={styles.card} onSubmit={save}>
      {error !== null && <Banner tone="bad">{explain(error, t("error.offline"))}</Banner>}
      <TextField
        label={t("connections.id")}
        hint={t("connections.id_hint")}
        mono
        isRequired
        value={id}
        onChange={setId}
      />
      {kind.asked.map((one) => (
        <TextField
          key={one.name}
          label={t(`setting.${one.label ?? one.name}`)}
          hint={one.secret ? t("connections.secret_hint") : undefined}
          placeholder={one.like ?? ""}
          mono
          type={one.secret ? "password" : "text"}
          autoComplete="off"
          isRequired={!one.optional}
          value={values[one.name] ?? ""}
          onChange={(value) => setValues((old) => ({ ...old, [one.name]: value }))}
        />
      ))}
      <div className={styles.buttons}>
        <Button onPress={onBack}>{t("ui.back")}</Button>
        <Button type="submit" look="primary" isDisabled={busy}>
          {t(busy ? "connections.checking" : "connections.save")}
        </Button>
      </div>
    </form>
  );
}

/** A field as the server takes it; a number that is none is left for the server to refuse. */
function typed({ as }: Asked, text: string): string | number | string[] {
  const value = text.trim();
  if (as === "number" && /^\d+$/.test(value)) return Number(value);
  if (as === "list")
    return value
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean);
  return value;
}

/** Secrets travel apart from what may be shown; what was left empty keeps its default. */
function split(asked: Asked[], values: Record<string, string>): Pick<NewConnection, "settings" | "secrets"> {
  const filled = asked.filter(({ name }) => values[name]?.trim());
  const [secret, open] = [filled.filter((one) => one.secret), filled.filter((one) => !one.secret)];
  return {
    settings: Object.fromEntries(open.map((one) => [one.name, typed(one, values[one.name] ?? "")])),
    secrets: Object.fromEntries(secret.map(({ name }) => [name, (values[name] ?? "").trim()])),
  };
}
