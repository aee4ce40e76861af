//! What the customer sees: the messages of a simulation as a phone shows them.

import { useText } from "~/i18n";
import { formatted } from "~/ui/said";
import type { TimelineRow } from "../api";
import { parseDuration } from "../model/duration";
import { messageText, type Scenario } from "./scenario";
import styles from "./test.module.css";

interface Bubble {
  at: number;
  ours: boolean;
  text: string;
  template: string | null;
  buttons: string[];
}

export function Phone({
  scenario,
  timeline,
  until,
}: {
  scenario: Scenario;
  timeline: readonly TimelineRow[];
  until: number;
}) {
  const t = useText();
  const theirs = scenario.events.flatMap((event): Bubble[] => {
    const [text, at] = [messageText(event), parseDuration(event.at) ?? 0];
    return text !== null && at <= until ? [{ at, ours: false, text, template: null, buttons: [] }] : [];
  });
  const ours = timeline.flatMap(({ message, offset }): Bubble[] => {
    if (!message || message.sent === false) return [];
    return [
      {
        at: parseDuration(offset) ?? 0,
        ours: true,
        text: message.text ?? "",
        template: message.template ?? null,
        buttons: message.buttons ?? [],
      },
    ];
  });
  const all = [...theirs, ...ours].sort((a, b) => a.at - b.at || Number(a.ours) - Number(b.ours));
  return (
    <section className={styles.phone} aria-label={t("editor.phone")}>
      <h3 className={styles.phone_head}>
        <bdi>{scenario.name || scenario.phone}</bdi>
      </h3>
      <ol className={styles.chat}>
        {all.map((bubble, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: bubbles are only ever replaced together.
          <li key={at} className={bubble.ours ? styles.ours : styles.theirs}>
            {bubble.template && (
              <span className={styles.template}>{t("editor.template", { name: bubble.template })}</span>
            )}
            <bdi className={styles.said} dir="auto">
              {formatted(bubble.text)}
            </bdi>
            {bubble.buttons.map((button) => (
              <span key={button} className={styles.choice} dir="auto">
                {button}
              </span>
            ))}
          </li>
        ))}
      </ol>
      {all.length === 0 && <p className={styles.quiet}>{t("editor.phone_empty")}</p>}
    </section>
  );
}
