import { BellRing, Volume2 } from "lucide-react";
import { useState } from "react";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { toast } from "~/ui/toast";
import styles from "./desk.module.css";
import { chime, setTested, wasTested } from "./sound";
import { useDesk } from "./use-desk";

const asks = () => "Notification" in window && Notification.permission === "default";

/** Plays the sound of an offer; the page says what to do when the browser stays silent. */
export function useSoundTest(): () => Promise<void> {
  const t = useText();
  return async () => {
    setTested();
    toast(t((await chime()) ? "desk.sound_played" : "desk.sound_blocked"));
  };
}

/** Before the first shift in this browser: whether one can be heard and seen from here. It stands above the page and covers nothing. */
export default function Ready() {
  const t = useText();
  const test = useSoundTest();
  const { data: desk } = useDesk();
  const [open, setOpen] = useState(() => !wasTested());
  const [ask, setAsk] = useState(asks);
  if (!open || !desk?.me) return null;
  const done = () => {
    setTested();
    setOpen(false);
  };
  return (
    <section className={styles.ready} aria-label={t("desk.ready_title")}>
      <p>
        <strong>{t("desk.ready_title")}</strong> {t("desk.ready_text")}
      </p>
      <div className={styles.buttons}>
        <Button size="s" icon={<Volume2 size={14} aria-hidden />} onPress={() => void test()}>
          {t("desk.sound_test")}
        </Button>
        {ask && (
          <Button
            size="s"
            icon={<BellRing size={14} aria-hidden />}
            onPress={() => void Notification.requestPermission().then(() => setAsk(asks()))}
          >
            {t("desk.notify_allow")}
          </Button>
        )}
        <Button size="s" look="plain" onPress={done}>
          {t("ui.done")}
        </Button>
      </div>
    </section>
  );
}
