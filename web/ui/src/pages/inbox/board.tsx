import { memo, useEffect, useMemo, useRef, useState } from "react";
import type { Desk, Escalation } from "~/api/desk";
import { useLive } from "~/api/live";
import { useBeat } from "~/desk/beat";
import { GoneWords, TakeButtons, Who } from "~/desk/card";
import { useFocusNext } from "~/desk/focus-next";
import { Left } from "~/desk/left";
import { useSteady } from "~/desk/order";
import { setOrder, useTakes } from "~/desk/take";
import { useDesk } from "~/desk/use-desk";
import { useText } from "~/i18n";
import { duration, number, shortTime } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import styles from "./board.module.css";

/** Ours first, then by what is left. */
export function byUrgency(one: Escalation, other: Escalation): number {
  if (one.to_me !== other.to_me) return one.to_me ? -1 : 1;
  return Date.parse(one.deadline) - Date.parse(other.deadline);
}

/** Everybody who waits for a person right now, the most urgent on top; nobody moves while a hand is on them. */
export function Board() {
  const { data: desk } = useDesk();
  if (!desk) return null;
  return <Waiting desk={desk} />;
}

function Waiting({ desk }: { desk: Desk }) {
  const t = useText();
  const gone = useTakes((state) => state.gone);
  const [pointer, setPointer] = useState(false);
  const [focus, setFocus] = useState(false);
  const sorted = useMemo(() => desk.waiting.toSorted(byUrgency).map(({ id }) => id), [desk.waiting]);
  const order = useSteady(sorted, pointer || focus);
  const waiting = new Map(desk.waiting.map((one) => [one.id, one]));
  const shown = [...new Set([...order, ...Object.keys(gone)])].filter((id) => waiting.has(id) || gone[id]);
  const top = shown.find((id) => waiting.has(id));
  const key = shown.filter((id) => waiting.has(id)).join(" ");
  const box = useRef<HTMLUListElement>(null);
  useFocusNext(box, key);
  useEffect(() => {
    setOrder(key === "" ? [] : key.split(" "));
    return () => setOrder(null);
  }, [key]);
  return (
    <section className={styles.board} aria-label={t("desk.waiting")}>
      <Summary desk={desk} />
      <NotLive />
      {shown.length > 0 && (
        // biome-ignore lint/a11y/noStaticElementInteractions: it only listens whether a hand is on the cards.
        <div
          onPointerEnter={() => setPointer(true)}
          onPointerLeave={() => setPointer(false)}
          onFocus={() => setFocus(true)}
          onBlur={(event) => !event.currentTarget.contains(event.relatedTarget) && setFocus(false)}
        >
          <ul className={styles.rows} ref={box}>
            {shown.map((id) => {
              const one = waiting.get(id);
              const over = gone[id];
              if (one) return <Row key={id} one={one} top={id === top} />;
              return (
                over && (
                  <li key={id} className={styles.gone} role="status">
                    <GoneWords gone={over} />
                  </li>
                )
              );
            })}
          </ul>
        </div>
      )}
    </section>
  );
}

/** Drawn again when this one changed, not whenever somebody comes or goes. */
const Row = memo(function Row({ one, top }: { one: Escalation; top: boolean }) {
  return (
    <li className={`${styles.row} ${one.to_me ? styles.mine : ""}`} data-card={one.id}>
      <Left since={one.received_at} deadline={one.deadline} />
      <Who one={one} />
      <TakeButtons one={one} top={top} />
    </li>
  );
});

function Summary({ desk }: { desk: Desk }) {
  const t = useText();
  const { waiting, today } = desk;
  const mine = waiting.filter(({ to_me }) => to_me).length;
  return (
    <p className={styles.summary}>
      <strong>{waiting.length === 0 ? t("desk.nobody") : t("desk.waiting_n", { n: waiting.length })}</strong>
      {mine > 0 && <span>{t("desk.mine_n", { n: mine })}</span>}
      <span>{t("desk.taken_n", { n: today.taken })}</span>
      {today.missed > 0 && <span className={styles.bad}>{t("desk.missed_n", { n: today.missed })}</span>}
      {today.median_ms !== null && today.taken > 0 && (
        <span>{t("desk.median", { time: duration(today.median_ms), n: number(today.taken) })}</span>
      )}
    </p>
  );
}

/** What is shown may be old for longer than this before it is said. */
const OLD_MS = 2_000;

/** Seconds count here: that the line broke is said at once, and what is shown is not taken for now. */
function NotLive() {
  const t = useText();
  const { link, heardAt } = useLive();
  const heard = useBeat((state) => state.heard);
  const broken = link === "reconnecting" || link === "stale";
  const [old, setOld] = useState(false);
  useEffect(() => {
    if (!broken) return setOld(false);
    const timer = setTimeout(() => setOld(true), OLD_MS);
    return () => clearTimeout(timer);
  }, [broken]);
  if (!heard) return <Banner tone="bad">{t("desk.unheard")}</Banner>;
  if (!old) return null;
  return <Banner tone="warn">{t("live.stale_since", { time: shortTime(new Date(heardAt), new Date()) })}</Banner>;
}
