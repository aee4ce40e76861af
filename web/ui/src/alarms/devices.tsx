import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { type Devices, devicesQuery, tryDevice } from "~/api/push";
import { queries } from "~/api/queries";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Checkbox } from "~/ui/field";
import { Card, Loaded } from "~/ui/page";
import { toast, toastError } from "~/ui/toast";
import styles from "./devices.module.css";
import { canPush, current, switchOff, switchOn } from "./push";

/** Whether this browser is told of offers and alarms when no page is open. */
export default function DevicesCard() {
  const t = useText();
  const read = useQuery(devicesQuery);
  return (
    <Card title={t("push.title")}>
      {canPush() ? (
        <Loaded read={read} lines={2}>
          {(devices) => <Own devices={devices} />}
        </Loaded>
      ) : (
        <p className={styles.quiet}>{t("push.cannot")}</p>
      )}
    </Card>
  );
}

function Own({ devices }: { devices: Devices }) {
  const t = useText();
  const [endpoint, setEndpoint] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState(Notification.permission === "denied");
  // biome-ignore lint/correctness/useExhaustiveDependencies: looked at anew after each change.
  useEffect(() => void current().then((own) => setEndpoint(own?.endpoint ?? null)), [devices]);
  const own = devices.devices.find((device) => device.endpoint === endpoint);
  const act = async (work: () => Promise<Devices | null>, done: string) => {
    setBusy(true);
    try {
      const told = await work();
      setRefused(Notification.permission === "denied");
      if (told) {
        queries.setQueryData(devicesQuery.queryKey, told);
        toast(done);
      }
    } catch (error) {
      toastError(error);
    }
    setBusy(false);
  };
  const attempt = async (address: string) => {
    const { told } = await tryDevice(address).catch(() => ({ told: false }));
    if (told) toast(t("push.tried"));
    else toastError(new Error(t("push.not_tried")));
    await queries.invalidateQueries({ queryKey: devicesQuery.queryKey });
  };
  const others = devices.devices.length - (own ? 1 : 0);
  return (
    <div className={styles.own}>
      <p className={styles.quiet}>{t("push.about")}</p>
      {refused && <Banner tone="warn">{t("push.refused")}</Banner>}
      {own ? (
        <>
          <Checkbox
            isSelected={own.alarms}
            isDisabled={busy}
            onChange={(alarms) => void act(() => switchOn(devices.key, alarms), t("push.saved"))}
          >
            {t("push.alarms")}
          </Checkbox>
          <div className={styles.buttons}>
            <Button isDisabled={busy} onPress={() => void attempt(own.endpoint)}>
              {t("alarms.try")}
            </Button>
            <Button look="plain" isDisabled={busy} onPress={() => void act(switchOff, t("push.is_off"))}>
              {t("push.off")}
            </Button>
          </div>
        </>
      ) : (
        <div>
          <Button
            isDisabled={busy || refused}
            onPress={() => void act(() => switchOn(devices.key, false), t("push.is_on"))}
          >
            {t("push.on")}
          </Button>
        </div>
      )}
      {others > 0 && <p className={styles.quiet}>{t("push.others", { n: others })}</p>}
    </div>
  );
}
