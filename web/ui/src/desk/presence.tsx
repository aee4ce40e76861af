import { Bell, BellOff, BellRing, ChevronDown, Coffee, Moon, Phone, Timer, UserCheck, Volume2 } from "lucide-react";
import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { CHOICES, type Choice, type Desk, type PresenceState, readDesk, setPresence } from "~/api/desk";
import { useText } from "~/i18n";
import { Menu } from "~/ui/menu";
import { toastError } from "~/ui/toast";
import { useBeat } from "./beat";
import styles from "./desk.module.css";
import { useSoundTest } from "./ready";
import { soundOn, turnSound } from "./sound";
import { useDesk } from "./use-desk";

export const PRESENCE = { available: UserCheck, busy: Phone, break: Coffee, away: Moon, wrap_up: Timer };

/** A dot in the colour of the state; the word stands beside it. */
export function Lamp({ state, online = true }: { state: PresenceState; online?: boolean }) {
  return <span className={`${styles.lamp} ${online ? styles[state] : styles.away}`} aria-hidden />;
}

const myself = ({ me }: Desk) => me;

/** Whether customers are offered to us, in the bar of every page. */
export default function PresenceMenu() {
  const t = useText();
  const { data: me } = useDesk(myself);
  const heard = useBeat((state) => state.heard);
  const [sound, setSound] = useState(soundOn);
  const test = useSoundTest();
  if (!me) return null;
  const { state } = me;
  const choose = (choice: Choice) => void setPresence(choice).then(readDesk, toastError);
  const entries = CHOICES.map((choice) => {
    const Icon = PRESENCE[choice];
    return {
      id: choice,
      label: t(`presence.${choice}`),
      detail: t(`presence_about.${choice}`),
      icon: <Icon size={16} aria-hidden />,
      selected: choice === state,
      do: () => choose(choice),
    };
  });
  const turn = () => {
    turnSound(!sound);
    setSound(!sound);
  };
  const others = [
    {
      id: "sound",
      label: t(sound ? "desk.sound_off" : "desk.sound_on"),
      icon: sound ? <BellOff size={16} aria-hidden /> : <Bell size={16} aria-hidden />,
      apart: true,
      do: turn,
    },
    { id: "test", label: t("desk.sound_test"), icon: <Volume2 size={16} aria-hidden />, do: () => void test() },
  ];
  if ("Notification" in window && Notification.permission === "default") {
    others.push({
      id: "notify",
      label: t("desk.notify_allow"),
      icon: <BellRing size={16} aria-hidden />,
      do: () => void Notification.requestPermission(),
    });
  }
  const word = t(heard ? `presence.${state}` : "presence.unheard");
  const trigger = (
    <AriaButton className={styles.presence} aria-label={`${t("presence.label")}: ${word}`}>
      <Lamp state={state} online={heard} />
      <span className={styles.presenceWord}>{word}</span>
      <ChevronDown size={14} aria-hidden />
    </AriaButton>
  );
  return <Menu label={t("presence.label")} trigger={trigger} entries={[...entries, ...others]} />;
}
