import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChevronDown, CircleAlert, Moon, PartyPopper } from "lucide-react";
import { type Escalation, escalationQuery, escalationsQuery, type StoryLine } from "~/api/desk";
import { useText } from "~/i18n";
import { duration, listed, preciseSeconds } from "~/i18n/format";
import { Button } from "~/ui/button";
import { Empty } from "~/ui/empty";
import { Loaded } from "~/ui/page";
import { PersonName } from "~/ui/person";
import { Badge } from "~/ui/status";
import { Time } from "~/ui/time";
import styles from "./team.module.css";

/** Everybody who was kept waiting too long, each with what every second was spent on. */
export function MissesTab() {
  const t = useText();
  const read = useInfiniteQuery(escalationsQuery({ missed: true }));
  const misses = read.data?.pages.flatMap((page) => page.escalations);
  return (
    <Loaded read={{ ...read, data: misses }}>
      {(found) =>
        found.length === 0 ? (
          <Empty icon={PartyPopper} title={t("team.no_miss")} text={t("team.no_miss_text")} />
        ) : (
          <div className={styles.tab}>
            <ul className={styles.misses}>
              {found.map((one) => (
                <Miss key={one.id} one={one} />
              ))}
            </ul>
            {read.hasNextPage && (
              <Button onPress={() => void read.fetchNextPage()} isDisabled={read.isFetchingNextPage}>
                {t("team.more")}
              </Button>
            )}
          </div>
        )
      }
    </Loaded>
  );
}

function Miss({ one }: { one: Escalation }) {
  const t = useText();
  const navigate = useNavigate({ from: "/team" });
  const { miss } = useSearch({ from: "/shell/team" });
  const open = miss === one.id;
  const late = one.state === "out_of_hours";
  const turn = () =>
    void navigate({
      search: (old) => ({ ...old, miss: open ? undefined : one.id }),
      replace: true,
      resetScroll: false,
    });
  return (
    <li className={styles.miss}>
      <button type="button" className={styles.missHead} aria-expanded={open} onClick={turn}>
        <ChevronDown size={16} aria-hidden className={open ? styles.turned : ""} />
        <Badge tone={late ? "idle" : "bad"} icon={late ? Moon : CircleAlert}>
          {t(late ? "team.was_out_of_hours" : "team.was_missed")}
        </Badge>
        <span className={styles.strong}>
          <PersonName name={one.contact?.name} phone={one.contact?.phone} />
        </span>
        <bdi className={styles.why}>{one.reason}</bdi>
        <span className={styles.quiet}>
          <bdi>{one.team}</bdi> · <Time at={one.received_at} as="short" />
        </span>
      </button>
      {open && <Story one={one} />}
    </li>
  );
}

/** What the page can say; a newer server may say more, which is shown by its own name. */
const KNOWN = new Set(
  (
    "asked offered timed_out declined team fallback_told fallback_failed customer_told taken answered silent away missed " +
    "out_of_hours closed nobody left predicted_miss again reassigned given_up erased press_late press_not_linked nobody_came " +
    "owner_told owner_failed"
  ).split(" "),
);
const REASONS = new Set(
  (
    "last_agent only_one least_loaded longest_idle two_offers_passed offline busy break wrap_up away gone tried full language " +
    "skill behind timed_out"
  ).split(" "),
);

/** A reason in words; what is no code of ours, such as a connection, as it is. */
function Why({ why }: { why: string }) {
  const t = useText();
  return REASONS.has(why) ? t(`why.${why}`) : <bdi>{why}</bdi>;
}

/** Who it is about: one, or several. */
function Whom({ line }: { line: StoryLine }) {
  const names = (line.agents?.length ? line.agents : line.who ? [line.who] : []).map(({ name }) => name);
  return <bdi>{listed(names)}</bdi>;
}

function Story({ one }: { one: Escalation }) {
  const t = useText();
  const read = useQuery(escalationQuery(one.id));
  return (
    <Loaded read={read}>
      {({ story, conversation, provider_at, received_at }) => (
        <div className={styles.story}>
          <Seconds story={story} whole={Date.parse(one.deadline) - Date.parse(received_at)} />
          <ol>
            {story.map((line) => (
              <li key={`${line.at} ${line.what} ${line.who?.id}`} className={styles.line}>
                <span className={styles.after} dir="ltr">
                  {preciseSeconds(line.after_ms)}
                </span>
                <span>
                  <span className={styles.strong}>{KNOWN.has(line.what) ? t(`story.${line.what}`) : line.what}</span>{" "}
                  <Whom line={line} />
                  {line.why && (
                    <span className={styles.quiet}>
                      {" · "}
                      <Why why={line.why} />
                    </span>
                  )}
                  {line.passed && line.passed.length > 0 && (
                    <span className={styles.passed}>
                      {t("team.passed")}{" "}
                      {line.passed.map(({ agent, why }, at) => (
                        <span key={agent.id}>
                          {at > 0 && ", "}
                          <bdi>{agent.name}</bdi> (<Why why={why} />)
                        </span>
                      ))}
                    </span>
                  )}
                </span>
              </li>
            ))}
          </ol>
          <p className={styles.bar}>
            {provider_at && (
              <span className={styles.quiet}>
                {t("team.provider", { time: duration(Math.max(0, Date.parse(received_at) - Date.parse(provider_at))) })}
              </span>
            )}
            {conversation && (
              <Link to="/inbox/$conversation" params={{ conversation }}>
                {t("team.open_conversation")}
              </Link>
            )}
          </p>
        </div>
      )}
    </Loaded>
  );
}

/** Who had it in their hands for how much of the time; the list below says the same in words. */
function Seconds({ story, whole }: { story: StoryLine[]; whole: number }) {
  const parts = story.flatMap((line, at) => {
    const end = Math.min(whole, story[at + 1]?.after_ms ?? whole);
    return end > line.after_ms ? [{ ...line, ms: end - line.after_ms }] : [];
  });
  return (
    <div className={styles.seconds} aria-hidden>
      {parts.map((part) => (
        <span
          key={`${part.at} ${part.what}`}
          className={part.what === "offered" ? styles.offered : part.what === "team" ? styles.toTeam : styles.idle}
          style={{ flexGrow: part.ms }}
        >
          {part.ms / whole > 0.1 && (part.who ? <bdi>{part.who.name}</bdi> : preciseSeconds(part.ms))}
        </span>
      ))}
    </div>
  );
}
