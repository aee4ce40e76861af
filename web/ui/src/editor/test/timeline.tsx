//! What happened in a simulation, moment by moment.

import {
  Bell,
  CircleCheck,
  CircleStop,
  Clock,
  GitFork,
  Inbox,
  type LucideIcon,
  Send,
  TriangleAlert,
} from "lucide-react";
import { useState } from "react";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import type { Simulation, TimelineRow } from "../api";
import { cardOf } from "../model/cards";
import { useEditor } from "../state/editor";
import styles from "./test.module.css";
import { momentInWords } from "./words";

const ICONS: Record<string, LucideIcon> = {
  event: Inbox,
  started: Inbox,
  condition: GitFork,
  call: Send,
  action: Send,
  wait: Clock,
  woke: Bell,
  ended: CircleStop,
  failed: TriangleAlert,
  error: TriangleAlert,
};

interface Props {
  simulation: Simulation;
  head: number;
  onHead: (at: number) => void;
  onInject: (offset: string, text: string) => void;
}

export function Timeline({ simulation, head, onHead, onInject }: Props) {
  const t = useText();
  return (
    <ol className={styles.timeline} aria-label={t("editor.timeline")}>
      {simulation.timeline.map((row, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows are only ever replaced together.
        <li key={at} className={`${at > head ? styles.later : ""} ${at === head ? styles.now : ""}`}>
          <Row row={row} current={at === head} onPress={() => onHead(at)} />
          {row.what === "wait" && <Inject row={row} onInject={onInject} />}
        </li>
      ))}
    </ol>
  );
}

function Row({ row, current, onPress }: { row: TimelineRow; current: boolean; onPress: () => void }) {
  const t = useText();
  const step = useEditor((state) => (row.path === null ? undefined : state.picture.steps.get(row.path)));
  const Icon = ICONS[row.what] ?? CircleCheck;
  return (
    <button type="button" className={styles.row} aria-current={current || undefined} onClick={onPress}>
      <span className={styles.offset}>{row.offset}</span>
      <Icon size={15} aria-hidden />
      <span>
        {step && <bdi dir="auto">{cardOf(step, t).title}</bdi>}{" "}
        <bdi dir="auto" className={step ? styles.quiet : undefined}>
          {momentInWords(row, t, step !== undefined)}
        </bdi>
      </span>
    </button>
  );
}

/** A reply of the customer while the flow waits: at the time the wait began, or so much later. */
function Inject({ row, onInject }: { row: TimelineRow; onInject: (offset: string, text: string) => void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [offset, setOffset] = useState(row.offset);
  if (!open)
    return (
      <Button size="s" look="plain" onPress={() => setOpen(true)}>
        {t("editor.inject")}
      </Button>
    );
  return (
    <form
      className={styles.inject}
      onSubmit={(event) => {
        event.preventDefault();
        setOpen(false);
        onInject(offset, text);
      }}
    >
      <input
        aria-label={t("editor.test_at")}
        value={offset}
        onChange={({ target }) => setOffset(target.value)}
        size={6}
      />
      <input
        aria-label={t("editor.reply_text")}
        placeholder={t("editor.reply_text")}
        dir="auto"
        value={text}
        onChange={({ target }) => setText(target.value)}
      />
      <Button size="s" type="submit" isDisabled={text === ""}>
        {t("editor.inject")}
      </Button>
    </form>
  );
}
