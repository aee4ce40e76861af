//! What the text would have done differently: contacts gained, lost and at odds, each with the reason.

import { Link } from "@tanstack/react-router";
import { ArrowDownRight, ArrowUpRight, ChevronRight, Flag, GitCompareArrows } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button as AriaButton, Disclosure, DisclosurePanel, Heading } from "react-aria-components";
import { conditionInWords } from "~/editor/expression/words";
import { triggerInWords } from "~/editor/model/cards";
import { type Translate, useText } from "~/i18n";
import { number } from "~/i18n/format";
import { Banner } from "~/ui/banner";
import { Button } from "~/ui/button";
import { Select } from "~/ui/select";
import { Time } from "~/ui/time";
import type { Because, Conflict, Counts, Example, Tried, TriedRule, Way } from "./api";
import type { RuleView } from "./model";
import styles from "./rules.module.css";
import { ruleName } from "./sentence";
import type { Trying } from "./use-try";

interface Props {
  trying: Trying;
  rules: RuleView[];
  /** The rule that is chosen comes first. */
  chosen: string | null;
  /** Makes a test of an example that the draft gets wrong; nothing where tests cannot be added. */
  onWrong: ((rule: string, example: Example) => void) | null;
}

const SPANS = [7, 30, 90];

/** How far back history is read: some spans of days, or all of it. */
export function useSpans() {
  const t = useText();
  return [
    ...SPANS.map((days) => ({ id: String(days), label: t("rules.try.days", { n: days }) })),
    { id: "all", label: t("rules.try.all") },
  ];
}

export function TryPanel({ trying, rules, chosen, onWrong }: Props) {
  const t = useText();
  const { tried, stale, busy, error } = trying;
  const spans = useSpans();
  return (
    <div className={styles.try}>
      <div className={styles.try_head}>
        <Select
          compact
          label={t("rules.try.span")}
          choices={spans}
          value={trying.days === null ? "all" : String(trying.days)}
          onChange={(span) => trying.setDays(span === "all" ? null : Number(span))}
        />
        <Button onPress={trying.start} isDisabled={busy} look={stale ? "primary" : "quiet"}>
          {busy ? t("rules.try.busy") : t("rules.try.again")}
        </Button>
        {tried && (
          <span className={styles.quiet} role="status">
            {stale ? t("rules.try.stale") : t("rules.try.read", { n: tried.events, time: tried.seconds.toFixed(1) })}
          </span>
        )}
      </div>
      {error && <Banner tone="bad">{error.message}</Banner>}
      {tried && <Outcome tried={tried} rules={rules} chosen={chosen} onWrong={stale ? null : onWrong} />}
    </div>
  );
}

function Outcome({
  tried,
  rules,
  chosen,
  onWrong,
}: {
  tried: Tried;
  rules: RuleView[];
  chosen: string | null;
  onWrong: Props["onWrong"];
}) {
  const t = useText();
  const names = new Map(tried.people.map(({ contact, name }) => [contact, name]));
  const called = (id: string) => {
    const rule = rules.find((own) => own.id === id);
    return rule ? ruleName(rule) : id;
  };
  const changed = tried.rules
    .filter((rule) => rule.gained + rule.lost + rule.failed > 0)
    .sort((a, b) => Number(b.rule === chosen) - Number(a.rule === chosen));
  return (
    <>
      {tried.reads_facts && tried.assumed > 0 && (
        <p className={styles.quiet}>{t("rules.try.assumed", { n: tried.assumed })}</p>
      )}
      {tried.not_tried.length > 0 && (
        <p className={styles.quiet}>{t("rules.try.not_tried", { rules: tried.not_tried.map(called).join(", ") })}</p>
      )}
      {changed.length === 0 && <p className={styles.same}>{t("rules.try.same")}</p>}
      {changed.map((rule) => (
        <OneRule key={rule.rule} rule={rule} name={called(rule.rule)} names={names} onWrong={onWrong} />
      ))}
      <Conflicts conflicts={tried.conflicts} called={called} names={names} />
    </>
  );
}

function OneRule({
  rule,
  name,
  names,
  onWrong,
}: {
  rule: TriedRule;
  name: string;
  names: ReadonlyMap<string, string>;
  onWrong: Props["onWrong"];
}) {
  const t = useText();
  return (
    <section className={styles.tried} aria-label={name}>
      <h2>
        <bdi>{name}</bdi>
      </h2>
      <Table rule={rule} />
      {rule.failed > 0 && <Banner tone="warn">{t("rules.try.failed", { n: rule.failed })}</Banner>}
      {(["lost", "gained"] as const).map((way) => (
        <Examples key={way} way={way} rule={rule} names={names} onWrong={onWrong} />
      ))}
    </section>
  );
}

/** Before, after, and the difference: contacts first, messages beside them. */
function Table({ rule }: { rule: TriedRule }) {
  const t = useText();
  const row = (label: string, counts: Counts) => (
    <tr>
      <th scope="row">{label}</th>
      <td>{number(counts.now)}</td>
      <td>{number(counts.draft)}</td>
      <td className={counts.lost > 0 ? styles.lost : styles.quiet}>−{number(counts.lost)}</td>
      <td className={counts.gained > 0 ? styles.gained : styles.quiet}>+{number(counts.gained)}</td>
    </tr>
  );
  return (
    <table className={styles.counts}>
      <thead>
        <tr>
          <td />
          <th scope="col">{t("rules.try.now")}</th>
          <th scope="col">{t("rules.try.draft")}</th>
          <th scope="col">{t("rules.try.lost")}</th>
          <th scope="col">{t("rules.try.gained")}</th>
        </tr>
      </thead>
      <tbody>
        {row(t("rules.try.contacts"), rule.contacts)}
        {row(t("rules.try.messages"), rule)}
      </tbody>
    </table>
  );
}

function Examples({
  way,
  rule,
  names,
  onWrong,
}: {
  way: Way;
  rule: TriedRule;
  names: ReadonlyMap<string, string>;
  onWrong: Props["onWrong"];
}) {
  const t = useText();
  const examples = rule.examples.filter((example) => example.way === way);
  if (examples.length === 0) return null;
  const all = rule.contacts[way];
  const Icon = way === "lost" ? ArrowDownRight : ArrowUpRight;
  const title = t(way === "lost" ? "rules.try.lost_list" : "rules.try.gained_list", { n: all });
  return (
    <div className={styles.examples}>
      <h3 className={styles[way]}>
        <Icon size={16} aria-hidden className="flip" /> {title}
        {all > examples.length && <span className={styles.quiet}>{t("rules.try.some", { n: examples.length })}</span>}
      </h3>
      <ul className={styles.example_list}>
        {examples.map((example) => (
          <li key={example.event}>
            <Opening text={example.text} who={example.contact ? names.get(example.contact) : undefined} at={example.at}>
              <Reason because={example.reason} way={way} t={t} />
              {!example.changes && <p className={styles.quiet}>{t("rules.try.both")}</p>}
              <div className={styles.example_tools}>
                {example.contact && (
                  <Link to="/contacts/$who" params={{ who: example.contact }}>
                    {t("rules.try.contact")}
                  </Link>
                )}
                {onWrong && example.text !== "" && (
                  <Button size="s" icon={<Flag size={14} aria-hidden />} onPress={() => onWrong(rule.rule, example)}>
                    {t("rules.try.wrong")}
                  </Button>
                )}
              </div>
            </Opening>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A message that opens to say why. */
function Opening({
  text,
  who,
  at,
  children,
}: {
  text: string;
  who: string | undefined;
  at: string;
  children: ReactNode;
}) {
  const t = useText();
  const [open, setOpen] = useState(false);
  return (
    <Disclosure isExpanded={open} onExpandedChange={setOpen} className={styles.example}>
      <Heading level={4} className={styles.example_head}>
        <AriaButton slot="trigger" className={styles.example_button}>
          <ChevronRight size={14} aria-hidden className={`flip ${open ? styles.turned : ""}`} />
          <bdi dir="auto" className={styles.said}>
            {text || t("rules.try.no_text")}
          </bdi>
          <span className={styles.quiet}>
            <bdi>{who ?? t("ui.nameless")}</bdi> · <Time at={at} />
          </span>
        </AriaButton>
      </Heading>
      <DisclosurePanel>{open && <div className={styles.example_body}>{children}</div>}</DisclosurePanel>
    </Disclosure>
  );
}

/** Which part of the condition decided, and on which side. */
function Reason({ because, way, t }: { because: Because; way: Way; t: Translate }) {
  const side = t(way === "lost" ? "rules.why.draft" : "rules.why.now");
  if (because.kind !== "false") {
    return (
      <p>
        {side} {inWords(because, t)}
      </p>
    );
  }
  return (
    <>
      <p>
        {side} {t("rules.why.false", { n: because.parts.length })}
      </p>
      <ul className={styles.parts}>
        {because.parts.map((part) => (
          <li key={part}>
            <bdi dir="auto">{conditionInWords(part, t)}</bdi>
          </li>
        ))}
      </ul>
      <p className={styles.quiet}>{t(way === "lost" ? "rules.why.lost" : "rules.why.gained")}</p>
    </>
  );
}

function inWords(because: Exclude<Because, { kind: "false" }>, t: Translate): string {
  switch (because.kind) {
    case "fails":
      return t("rules.why.fails", { message: because.message });
    case "stopped":
      return t("rules.why.stopped", { rule: because.by });
    case "deaf":
      return t("rules.why.deaf", { event: triggerInWords(because.event, t) });
    default:
      return t(`rules.why.${because.kind}`);
  }
}

function Conflicts({
  conflicts,
  called,
  names,
}: {
  conflicts: readonly Conflict[];
  called: (rule: string) => string;
  names: ReadonlyMap<string, string>;
}) {
  const t = useText();
  if (conflicts.length === 0) return null;
  return (
    <section className={styles.tried} aria-label={t("rules.try.conflicts")}>
      <h2>{t("rules.try.conflicts")}</h2>
      {conflicts.map((conflict) => (
        <div key={`${conflict.one} ${conflict.other} ${conflict.about}`} className={styles.examples}>
          <h3 className={styles.odds}>
            <GitCompareArrows size={16} aria-hidden />
            {t("rules.try.conflict", {
              one: called(conflict.one),
              other: called(conflict.other),
              n: conflict.contacts,
            })}
          </h3>
          <ul className={styles.example_list}>
            {conflict.examples.map((example) => (
              <li key={example.event}>
                <Opening
                  text={example.text}
                  who={example.contact ? names.get(example.contact) : undefined}
                  at={example.at}
                >
                  <p>
                    {t("rules.why.conflict", {
                      one: called(conflict.one),
                      other: called(conflict.other),
                      about: conflict.about,
                    })}
                  </p>
                </Opening>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </section>
  );
}
