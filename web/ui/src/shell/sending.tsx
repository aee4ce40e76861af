import { useQuery } from "@tanstack/react-query";
import { Octagon } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { queries } from "~/api/queries";
import { releaseSending, sendingQuery, stopSending } from "~/api/sending";
import { useCan } from "~/api/session";
import type { Stop } from "~/api/types";
import { useText } from "~/i18n";
import { Banner } from "~/ui/banner";
import { Button, IconButton } from "~/ui/button";
import { nameOf } from "~/ui/person";
import { Time } from "~/ui/time";
import { toast, toastError } from "~/ui/toast";
import styles from "./pill.module.css";

/** Loaded when it is first asked. */
const Confirm = lazy(() => import("~/ui/dialog").then((dialog) => ({ default: dialog.Confirm })));

const renew = () => queries.invalidateQueries({ queryKey: ["sending"] });

/** *Stop all sending*: one press and one question, from every page. */
export function SendingControl() {
  const t = useText();
  const can = useCan();
  const { data: stops = [] } = useQuery(sendingQuery);
  const [asking, setAsking] = useState(false);
  if (!can("sending.stop") || stops.some((stop) => stop.scope === "all")) return null;
  const stop = async () => {
    await stopSending("all").then(renew).catch(toastError);
  };
  return (
    <>
      <IconButton label={t("sending.stop")} icon={<Octagon size={18} aria-hidden />} onPress={() => setAsking(true)} />
      <Suspense>
        {asking && (
          <Confirm
            title={t("sending.stop")}
            text={<p>{t("sending.stop_text")}</p>}
            action={t("sending.stop_action")}
            danger
            isOpen
            onClose={() => setAsking(false)}
            onConfirm={stop}
          />
        )}
      </Suspense>
    </>
  );
}

/** While sending is stopped every page says so, by whom, and how to go on. */
export function StoppedBanner() {
  const { data: stops = [] } = useQuery(sendingQuery);
  return stops.map((stop) => <Stopped key={stop.scope} stop={stop} />);
}

function Stopped({ stop }: { stop: Stop }) {
  const t = useText();
  const can = useCan();
  const [asking, setAsking] = useState(false);
  const [kind, name = ""] = stop.scope.split(":");
  const what = t(kind === "channel" ? "sending.channel" : kind === "flow" ? "sending.flow" : "sending.all", { name });
  const release = async () => {
    try {
      const { held } = await releaseSending(stop.scope);
      toast(t("sending.released", { n: held.length }));
      await renew();
    } catch (error) {
      toastError(error);
    }
  };
  return (
    <div className={styles.banner}>
      <Banner
        tone="bad"
        action={
          can("sending.stop") && (
            <Button size="s" onPress={() => setAsking(true)}>
              {t("sending.release")}
            </Button>
          )
        }
      >
        {what} {t("sending.by", { by: nameOf(stop.by) })} <Time at={stop.at} />.{" "}
        {t("sending.held", { n: stop.held.length })}
      </Banner>
      <Suspense>
        {asking && (
          <Confirm
            title={t("sending.release")}
            text={<p>{t("sending.release_text", { n: stop.held.length })}</p>}
            action={t("sending.release")}
            isOpen
            onClose={() => setAsking(false)}
            onConfirm={release}
          />
        )}
      </Suspense>
    </div>
  );
}
