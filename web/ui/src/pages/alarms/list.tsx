import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { BellOff, BellRing, ChevronDown, CircleCheck, Eye, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Link } from "react-aria-components";
import {
  type Alarm,
  type AlarmCustomer,
  type AlarmLine,
  acknowledgeAlarm,
  alarmQuery,
  alarmsQuery,
} from "~/api/alarms";
import { queries } from "~/api/queries";
import { reviewsQuery } from "~/api/reviews";
import { useCan } from "~/api/session";
import { currentLocale, useText } from "~/i18n";
import { duration } from "~/i18n/format";
import { Button } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { Badge } from "~/ui/status";
import { Time, useNow } from "~/ui/time";
import { toastError } from "~/ui/toast";
import styles from "./alarms.module.css";
import { advice, headline } from "./words";

/** Alarms that are not over, the most urgent first; or those of the last week that are. */
export function AlarmList({ past }: { past: boolean }) {
  const t = useText();
  const read = useQuery(alarmsQuery);
  const reads = useCan()("flows.read");
  const waiting = useQuery({ ...reviewsQuery, enabled: reads }).data?.waiting ?? 0;
  return (
    <Loaded read={read}>
      {(all) => {
        const found = all.filter(({ state }) => (state === "ended") === past);
        // Drafts that wait stand above: it is not so that nothing needs anybody.
        if (!past && waiting > 0 && found.length === 0) return null;
        if (!past) found.sort((a, b) => weight(b) - weight(a));
        return found.length === 0 ? (
          <Empty
            icon={BellOff}
            title={t(past ? "alarms.none_past" : "alarms.none")}
            text={t(past ? "alarms.none_past_text" : "alarms.none_text")}
          />
        ) : (
          <ul className={styles.list}>
            {found.map((alarm) => (
              <Row key={alarm.id} alarm={alarm} />
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

const LEVEL = { info: 0, warning: 1, alarm: 2 };

/** What nobody looks at comes first, then how much it matters; those alike stay newest first. */
function weight({ state, level }: Alarm): number {
  return (state === "open" ? 10 : 0) + LEVEL[level];
}

function State({ alarm }: { alarm: Alarm }) {
  const t = useText();
  if (alarm.state === "ended") {
    return (
      <Badge tone="good" icon={CircleCheck}>
        {t("alarm_state.ended")}
      </Badge>
    );
  }
  if (alarm.state === "acknowledged") {
    return (
      <Badge tone="idle" icon={Eye}>
        {t("alarm_state.acknowledged")}
      </Badge>
    );
  }
  const urgent = alarm.level === "alarm";
  return (
    <Badge tone={urgent ? "bad" : "warn"} icon={urgent ? BellRing : TriangleAlert}>
      {t(`level.${alarm.level}`)}
    </Badge>
  );
}

function Row({ alarm }: { alarm: Alarm }) {
  const t = useText();
  const can = useCan();
  const navigate = useNavigate({ from: "/alarms" });
  const opened = useSearch({ from: "/shell/alarms" }).alarm === alarm.id;
  const [busy, setBusy] = useState(false);
  const turn = () =>
    void navigate({
      search: (old) => ({ ...old, alarm: opened ? undefined : alarm.id }),
      replace: true,
      resetScroll: false,
    });
  const acknowledge = async () => {
    setBusy(true);
    await acknowledgeAlarm(alarm.id).catch(toastError);
    await queries.invalidateQueries({ queryKey: ["alarms"] });
    setBusy(false);
  };
  return (
    <li className={styles.alarm} data-alarm={alarm.id}>
      <div className={styles.head}>
        <button type="button" className={styles.turn} aria-expanded={opened} onClick={turn}>
          <ChevronDown size={16} aria-hidden className={opened ? styles.turned : ""} />
          <State alarm={alarm} />
          <span className={styles.title}>{headline(t, alarm)}</span>
        </button>
        <span className={styles.acts}>
          {alarm.path && alarm.state !== "ended" && (!alarm.customer || can("inbox.read")) && (
            <Link href={alarm.path} className={styles.open}>
              {t("alarms.open")}
            </Link>
          )}
          {alarm.state === "open" && can("inbox.read") && (
            <Button size="s" isDisabled={busy} onPress={() => void acknowledge()}>
              {t("alarms.acknowledge")}
            </Button>
          )}
        </span>
      </div>
      <p className={styles.meta}>
        {alarm.customer && <Customer customer={alarm.customer} waits={alarm.state !== "ended"} />}
        <span>
          {t("alarms.since")} <Time at={alarm.since} />
        </span>
        {alarm.count > 1 && (
          <span>
            {t("alarms.count", { n: alarm.count })} <Time at={alarm.last} />
          </span>
        )}
        {alarm.acknowledged_by && <span>{t("alarms.acknowledged_by", { who: alarm.acknowledged_by })}</span>}
        {alarm.ended_at && (
          <span>
            {t("alarm_state.ended")} <Time at={alarm.ended_at} />
          </span>
        )}
        <Told alarm={alarm} />
      </p>
      {opened && <Story alarm={alarm} />}
    </li>
  );
}

/** Who waits, and for how long, as far as whoever reads it may know. */
function Customer({ customer: { name, conversation, since }, waits }: { customer: AlarmCustomer; waits: boolean }) {
  const t = useText();
  const now = useNow();
  const who = name && <bdi className={styles.strong}>{name}</bdi>;
  return (
    <>
      {who && (conversation ? <Link href={`/inbox/${conversation}`}>{who}</Link> : who)}
      {waits && (
        <span>{t("alarms.waits", { time: duration(Math.max(0, now.getTime() - new Date(since).getTime())) })}</span>
      )}
    </>
  );
}

/** Who was told, in one line. */
function Told({ alarm }: { alarm: Alarm }) {
  const t = useText();
  const good = alarm.told_by.filter(({ failed }) => !failed).map(({ connection }) => connection);
  const bad = alarm.told_by.filter(({ failed }) => failed).map(({ connection }) => connection);
  if (good.length + bad.length === 0) return <span>{t("alarms.told_nobody")}</span>;
  return (
    <>
      {good.length > 0 && <span>{t("alarms.told", { who: [...new Set(good)].join(", "), n: alarm.told })}</span>}
      {bad.length > 0 && (
        <span className={styles.bad}>{t("alarms.not_told", { who: [...new Set(bad)].join(", ") })}</span>
      )}
    </>
  );
}

function Story({ alarm }: { alarm: Alarm }) {
  const t = useText();
  const read = useQuery(alarmQuery(alarm.id));
  const words = currentLocale() === "en" ? null : advice(t, alarm);
  return (
    <div className={styles.story}>
      {words && <p>{words}</p>}
      <p className={words ? styles.quiet : ""} lang="en" dir="auto">
        {alarm.text}
      </p>
      <Loaded read={read} lines={3}>
        {({ story }) => (
          <ol>
            {story.map((line) => (
              <li key={`${line.at} ${line.what} ${line.connection}`} className={styles.line}>
                <Time at={line.at} as="short" />
                <Words line={line} />
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </div>
  );
}

const LINES: ReadonlySet<string> = new Set([
  "raised",
  "told",
  "not_told",
  "changed",
  "not_changed",
  "acknowledged",
  "ended",
]);

function Words({ line }: { line: AlarmLine }) {
  const t = useText();
  const who = [line.connection, line.to].filter(Boolean).join(" · ") || line.by;
  return (
    <span>
      <span className={line.problem ? styles.bad : styles.strong}>
        {LINES.has(line.what) ? t(`alarm_line.${line.what}`) : line.what}
      </span>{" "}
      <bdi>{who}</bdi>
      {line.problem && (
        <>
          {" "}
          <code dir="ltr">{line.problem}</code>
        </>
      )}
    </span>
  );
}
