//! A rule as a sentence: when this comes and that is so, then these.

import { Minus, Octagon, Plus } from "lucide-react";
import { conditionInWords } from "~/editor/expression/words";
import { triggerDetail, triggerInWords } from "~/editor/model/cards";
import { durationInWords } from "~/editor/model/duration";
import type { Trigger } from "~/editor/model/model";
import { type Translate, useText } from "~/i18n";
import { Chip } from "~/ui/status";
import type { RuleView } from "./model";
import styles from "./rules.module.css";

/** What a rule listens to and asks, in words. */
export function askedInWords(rule: RuleView, t: Translate): string {
  const what = rule.triggers.map((trigger) => triggerWithDetail(trigger, t)).join(t("editor.condition.or"));
  if (!rule.when) return what;
  return t("rules.sentence", { what, when: conditionInWords(rule.when, t) });
}

function triggerWithDetail(trigger: Trigger, t: Translate): string {
  const detail = triggerDetail(trigger, t);
  const name = triggerInWords(trigger.type, t);
  return detail === "" ? name : `${name} (${detail})`;
}

export function Sentence({ rule }: { rule: RuleView }) {
  const t = useText();
  return (
    <span className={styles.sentence}>
      <bdi dir="auto" className={styles.asked}>
        {askedInWords(rule, t)}
      </bdi>
      <Then rule={rule} />
    </span>
  );
}

/** What a rule does, as chips. */
export function Then({ rule }: { rule: RuleView }) {
  const t = useText();
  const { does } = rule;
  return (
    <span className={styles.chips}>
      {does.add.map((tag) => (
        <Chip key={`+${tag}`} tone="accent">
          <Plus size={12} aria-label={t("rules.gives")} /> <bdi>{tag}</bdi>
        </Chip>
      ))}
      {does.keep && <span className={styles.quiet}>{t("rules.for", { time: durationInWords(does.keep) })}</span>}
      {does.remove.map((tag) => (
        <Chip key={`-${tag}`}>
          <Minus size={12} aria-label={t("rules.takes")} /> <bdi>{tag}</bdi>
        </Chip>
      ))}
      {does.priority && <Chip>{t("rules.priority", { priority: priorityInWords(does.priority, t) })}</Chip>}
      {does.language && <Chip>{t("rules.language", { language: does.language })}</Chip>}
      {does.fields.map(([name, value]) => (
        <Chip key={name}>
          <bdi>{name}</bdi> = <bdi>{value}</bdi>
        </Chip>
      ))}
      {does.team && <Chip>{t("rules.escalate", { team: does.team })}</Chip>}
      {rule.stop && (
        <Chip>
          <Octagon size={12} aria-hidden /> {t("rules.stop")}
        </Chip>
      )}
    </span>
  );
}

const PRIORITIES = ["low", "medium", "high"];

function priorityInWords(priority: string, t: Translate): string {
  return PRIORITIES.includes(priority) ? t(`priority.${priority}`) : priority;
}

/** What people call a rule. */
export function ruleName(rule: RuleView): string {
  return rule.name ?? rule.id;
}
