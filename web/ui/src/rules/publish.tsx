//! Putting the draft in force: what changes in words, whom it concerns, its tests, and a comment.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleAlert, CircleCheck } from "lucide-react";
import { useMemo } from "react";
import { runTests } from "~/editor/api";
import { documentOf } from "~/editor/inspector/field";
import { More } from "~/editor/inspector/schema-fields";
import { view } from "~/editor/model/view";
import { usePublishing } from "~/editor/publish/publishing";
import { ChangedLines, Errors, SaveWindow } from "~/editor/publish/save-window";
import type { Autosave } from "~/editor/state/autosave";
import { say, useEditor, useEditorStore } from "~/editor/state/editor";
import { Failures } from "~/editor/test/failures";
import { useText } from "~/i18n";
import { Skeleton } from "~/ui/skeleton";
import { Badge } from "~/ui/status";
import { toast } from "~/ui/toast";
import { read } from "~/yaml";
import { Effect } from "./effect";
import { changedRules, moved, type RuleView, rulesOf } from "./model";
import styles from "./rules.module.css";
import { ruleName, Sentence } from "./sentence";
import type { Trying } from "./use-try";

interface Props {
  id: string;
  saves: Autosave;
  trying: Trying;
  /** Else it is asked for an approval, or given one, in here. */
  mayPublish: boolean;
  onClose: () => void;
}

export function PublishRules({ id, saves, trying, mayPublish, onClose }: Props) {
  const t = useText();
  const store = useEditorStore();
  const client = useQueryClient();
  const document = { kind: "rules", id, saves } as const;
  const publishing = usePublishing({
    ...document,
    needsChange: true,
    onPublished: async (version) => {
      const words = t("rules.published", { version });
      toast(words);
      say(store, words);
      for (const key of ["versions", "rules", "given"]) void client.invalidateQueries({ queryKey: [key] });
      await saves.refresh();
      onClose();
    },
  });
  const { text, live, errors } = publishing;
  return (
    <SaveWindow
      {...document}
      title={t("rules.save_title")}
      publishing={publishing}
      mayPublish={mayPublish}
      onClose={onClose}
    >
      {live.known ? (
        <>
          <InWords before={live.text} trying={trying} />
          {live.version && (
            <More label={t("editor.changes.text")}>
              <ChangedLines before={live.text} now={text} />
            </More>
          )}
        </>
      ) : (
        <Skeleton lines={3} />
      )}
      <Errors errors={errors} />
      <Tests text={text} />
    </SaveWindow>
  );
}

/** Rules that are new, gone or other than before, each in words and with the contacts that it gains and loses. */
function InWords({ before, trying }: { before: string; trying: Trying }) {
  const t = useText();
  const now = rulesOf(useEditor(documentOf));
  const old = useMemo(() => rulesOf(view(read(before))), [before]);
  const fresh = trying.tried !== null && !trying.stale;
  const effects = new Map(trying.tried?.rules.map(({ rule, contacts }) => [rule, contacts]));
  const changes = changedRules(old, now);
  const sentence = (rule: RuleView) => <Sentence rule={rule} />;
  return (
    <section className={styles.undo}>
      <ul className={styles.whom}>
        {changes.map(({ id, before: was, now: is }) => {
          const effect = effects.get(id);
          return (
            <li key={id}>
              <span className={styles.row_head}>
                <bdi className={styles.name}>{ruleName((is ?? was) as RuleView)}</bdi>
                {!was && <Badge tone="good">{t("rules.is_new")}</Badge>}
                {!is && <Badge tone="bad">{t("rules.is_gone")}</Badge>}
                {fresh && effect && <Effect counts={effect} />}
              </span>
              {was && <del>{sentence(was)}</del>}
              {is && <ins>{sentence(is)}</ins>}
            </li>
          );
        })}
      </ul>
      {!fresh && <p className={styles.quiet}>{t("rules.save_untried")}</p>}
      {moved(old, now) && <p className={styles.quiet}>{t("rules.order_changed")}</p>}
    </section>
  );
}

function Tests({ text }: { text: string }) {
  const t = useText();
  const { data, error } = useQuery({ queryKey: ["tests", text], queryFn: () => runTests(text), retry: false });
  if (error) return null;
  if (!data) return <Skeleton lines={1} />;
  if (data.tests.length === 0) return <p className={styles.quiet}>{t("rules.no_tests")}</p>;
  const failed = data.tests.filter(({ passed }) => !passed);
  const Icon = failed.length > 0 ? CircleAlert : CircleCheck;
  return (
    <section>
      <p className={failed.length > 0 ? styles.lost : styles.gained}>
        <Icon size={14} aria-hidden /> {t("editor.tests.passed", { passed: data.passed, all: data.tests.length })}
      </p>
      {failed.map(({ name, failures }) => (
        <p key={name}>
          <strong dir="auto">{name}</strong> <Failures failures={failures} />
        </p>
      ))}
    </section>
  );
}
