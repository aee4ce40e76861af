import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { readAnew } from "~/api/anew";
import { readDesk } from "~/api/desk";
import type { Notice } from "~/api/live";
import { useText } from "~/i18n";
import { useNotices } from "~/shell/follow";
import { keepBeating } from "./beat";
import { useCalls, useTakeKey } from "./calls";
import { GoneWords, OfferCard } from "./card";
import styles from "./desk.module.css";
import { useFocusNext } from "./focus-next";
import { useMentions } from "./mentions";
import { unlockSound } from "./sound";
import { useTakes } from "./take";
import { useDesk, useGone } from "./use-desk";

/** Several notices that come at once are two questions at most: one for the first, one for the rest. */
const TOGETHER_MS = 60;
/** The list of conversations is read anew this often at most. */
const PACE_MS = 1_000;

/** Reads anew what notices about people make old; the desk at once, lists at their pace. */
function useFollowPeople(): void {
  const timers = useRef(new Map<string, boolean>());
  /** At once, then not again for `ms`; whatever came meanwhile is asked for at the end of it. */
  const paced = (name: string, ms: number, then: () => void) => {
    const running = timers.current;
    if (running.has(name)) return void running.set(name, true);
    running.set(name, false);
    then();
    setTimeout(() => {
      const more = running.get(name);
      running.delete(name);
      if (more) paced(name, ms, then);
    }, ms);
  };
  useNotices(({ kind, id }: Notice) => {
    if (kind === "escalation" || kind === "presence") paced("desk", TOGETHER_MS, () => void readDesk());
    if (kind === "escalation" || kind === "conversation") {
      paced("list", PACE_MS, () => void readAnew(["inbox", "list"]));
    }
    if (kind === "conversation") {
      // Without an id any of them may have changed; only what is shown is read.
      const one = id ? [id] : [];
      paced(id ?? "all", TOGETHER_MS, () => void readAnew(["inbox", "one", ...one]));
    }
  });
}

const WIDE = "(width >= 760px)";

/** Whether the page shows all who wait anyway (the inbox does, but for a conversation on a phone), and how many cards it has room for. */
function useRoom(path: string): { board: boolean; most: number } {
  const [wide, setWide] = useState(() => matchMedia(WIDE).matches);
  useEffect(() => {
    const query = matchMedia(WIDE);
    const turn = () => setWide(query.matches);
    query.addEventListener("change", turn);
    return () => query.removeEventListener("change", turn);
  }, []);
  return wide ? { board: path.startsWith("/inbox"), most: 3 } : { board: /^\/inbox\/?$/.test(path), most: 1 };
}

/** What hangs over every page of somebody who answers customers: who waits for them, and how they are called. */
export default function DeskLayer() {
  const t = useText();
  const { data: desk } = useDesk();
  const agent = Boolean(desk?.me);
  const path = useRouterState({ select: ({ location }) => location.pathname });
  const waiting = desk?.waiting ?? [];
  const offers = waiting.filter(({ to_me }) => to_me);
  const gone = useTakes((state) => state.gone);
  const lost = Object.values(gone).filter(({ one }) => one.to_me);
  const order = useTakes((state) => state.order);
  const top = order ? waiting.find(({ id }) => id === order[0]) : offers[0];
  const { board, most } = useRoom(path);
  const cards = useRef<HTMLUListElement>(null);
  useFocusNext(cards, offers.map(({ id }) => id).join(" "));
  useFollowPeople();
  useMentions();
  useGone();
  useCalls(offers);
  useTakeKey(top);
  useEffect(() => (agent ? keepBeating() : undefined), [agent]);
  useEffect(unlockSound, []);
  const first = offers[0];
  const who = first?.contact?.name ?? first?.contact?.phone ?? t("desk.somebody");
  return (
    <>
      <p className="hidden" role="alert">
        {first ? t("desk.spoken", { who, reason: first.reason }) : ""}
      </p>
      <aside className={styles.layer} aria-label={t("desk.calls")}>
        {!board && offers.length + lost.length > 0 && (
          <ul className={styles.cards} ref={cards} aria-label={t("desk.waiting")}>
            {lost.map((one) => (
              <li key={one.one.id} className={styles.lost} role="status">
                <GoneWords gone={one} />
              </li>
            ))}
            {offers.slice(0, most).map((one, at) => (
              <OfferCard key={one.id} one={one} top={at === 0} />
            ))}
            {offers.length > most && (
              <li className={styles.lost}>
                <Link to="/inbox">{t("desk.more_n", { n: offers.length - most })}</Link>
              </li>
            )}
          </ul>
        )}
      </aside>
    </>
  );
}
