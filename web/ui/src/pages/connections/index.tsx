import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { CircleAlert, CircleCheck, CircleDashed, Plug, Plus } from "lucide-react";
import { useState } from "react";
import { checkConnection, connectionsQuery, type Findings, removeConnection, setUpConnection } from "~/api/connections";
import { queries } from "~/api/queries";
import { useCan } from "~/api/session";
import type { Connection } from "~/api/types";
import { useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Confirm } from "~/ui/dialog";
import { Empty } from "~/ui/empty";
import { Card, Facts, Loaded, Page } from "~/ui/page";
import { Badge } from "~/ui/status";
import { Time } from "~/ui/time";
import { toastError } from "~/ui/toast";
import { TroubleText } from "~/ui/trouble";
import { UsedBy, UsesButton } from "~/uses";
import { Address } from "./address";
import styles from "./connections.module.css";
import { connectorName } from "./connectors";
import { FindingList } from "./findings";
import { Wizard } from "./wizard";

/** Every channel and system: does it work, and what to do when not. */
export function ConnectionsPage() {
  const t = useText();
  const can = useCan();
  const connections = useQuery(connectionsQuery);
  // Whoever comes to make one begins with that, by the name that somebody wants.
  const { add: wanted } = useSearch({ from: "/shell/connections" });
  const navigate = useNavigate({ from: "/connections" });
  const [adding, setAdding] = useState(wanted !== undefined && can("connections.manage"));
  const close = () => {
    setAdding(false);
    if (wanted !== undefined) void navigate({ search: {}, replace: true });
  };
  const add = can("connections.manage") && (
    <Button look="primary" icon={<Plus size={16} aria-hidden />} onPress={() => setAdding(true)}>
      {t("connections.add")}
    </Button>
  );
  return (
    <Page title={t("nav.connections")} about={t("connections.about")} actions={add}>
      <Loaded read={connections}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon={Plug} title={t("connections.none")} text={t("connections.none_text")}>
              {add}
            </Empty>
          ) : (
            <div className={styles.grid}>
              {found.map((connection) => (
                <ConnectionCard key={connection.id} connection={connection} />
              ))}
            </div>
          )
        }
      </Loaded>
      {adding && <Wizard id={wanted} onClose={close} />}
    </Page>
  );
}

function ConnectionCard({ connection }: { connection: Connection }) {
  const t = useText();
  const can = useCan();
  const [found, setFound] = useState<Findings | null>(null);
  const [busy, setBusy] = useState(false);
  const [removing, setRemoving] = useState(false);
  const { id, webhook } = connection;
  const ask = async (what: (id: string) => Promise<Findings>) => {
    setBusy(true);
    try {
      setFound(await what(id));
      await queries.invalidateQueries({ queryKey: ["connections"] });
    } catch (error) {
      toastError(error);
    } finally {
      setBusy(false);
    }
  };
  const remove = async () => {
    await removeConnection(id).catch(toastError);
    await queries.invalidateQueries({ queryKey: ["connections"] });
  };
  return (
    <Card
      title={
        <>
          <bdi>{id}</bdi>{" "}
          <span className={styles.kind} translate="no">
            {connectorName(connection.connector ?? "")}
          </span>
        </>
      }
      actions={<State connection={connection} />}
    >
      <div className={styles.card}>
        {connection.reason && (
          <Banner tone="bad">
            <TroubleText text={connection.reason} />
          </Banner>
        )}
        <Facts
          rows={[
            [t("connections.down_since"), connection.down_since && <Time key="since" at={connection.down_since} />],
            [t("connections.next_try"), connection.probe_at && <Time key="probe" at={connection.probe_at} />],
            [t("connections.held"), connection.waiting > 0 && number(connection.waiting)],
            [t("connections.under_way"), connection.in_flight > 0 && number(connection.in_flight)],
            [t("connections.webhook"), webhook && <Address key="hook" text={webhook} />],
          ]}
        />
        {found && <FindingList found={found} />}
        <div className={styles.buttons}>
          {can("connections.check") && (
            <Button
              size="s"
              isDisabled={busy}
              onPress={() => ask(checkConnection)}
              aria-label={t("connections.check_named", { name: id })}
            >
              {busy ? t("connections.checking") : t("connections.check")}
            </Button>
          )}
          {can("connections.manage") && found && !found.good && (
            <Button size="s" isDisabled={busy} onPress={() => ask(setUpConnection)}>
              {t("connections.set_up")}
            </Button>
          )}
          {can("flows.read") && <UsesButton kind="connection" name={id} />}
          {can("connections.manage") && (
            <Button
              size="s"
              look="plain"
              onPress={() => setRemoving(true)}
              aria-label={t("connections.remove_named", { name: id })}
            >
              {t("ui.delete")}
            </Button>
          )}
        </div>
      </div>
      <Confirm
        title={t("connections.remove_named", { name: id })}
        text={
          <>
            <p>{t("connections.remove_text")}</p>
            {can("flows.read") && <UsedBy kind="connection" name={id} />}
          </>
        }
        action={t("ui.delete")}
        danger
        isOpen={removing}
        onClose={() => setRemoving(false)}
        onConfirm={remove}
      />
    </Card>
  );
}

function State({ connection }: { connection: Connection }) {
  const t = useText();
  if (connection.down_since) {
    return (
      <Badge tone="bad" icon={CircleAlert}>
        {t("connections.down")}
      </Badge>
    );
  }
  if (!connection.working) {
    return (
      <Badge tone="idle" icon={CircleDashed}>
        {t("connections.unknown")}
      </Badge>
    );
  }
  return (
    <Badge tone="good" icon={CircleCheck}>
      {t("connections.works")}
    </Badge>
  );
}
