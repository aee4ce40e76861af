//! The tests in the flow's own text, run in virtual time.

import { useMutation } from "@tanstack/react-query";
import { CircleAlert, CircleCheck, CircleDashed, Play, Trash2 } from "lucide-react";
import { useText } from "~/i18n";
import { Button, IconButton } from "~/ui/button";
import { toast, toastError } from "~/ui/toast";
import { removeItem } from "~/yaml";
import { runTests } from "../api";
import { edit, isOpen, undoEdit, useEditor, useEditorStore } from "../state/editor";
import { Failures } from "./failures";
import styles from "./test.module.css";

export function SavedTests() {
  const t = useText();
  const store = useEditorStore();
  const names = useEditor((state) => state.picture.tests);
  const text = useEditor((state) => state.source.text);
  const open = useEditor(isOpen);
  const run = useMutation({
    mutationFn: (now: string) => runTests(now).then((result) => ({ ...result, text: now })),
    onError: toastError,
  });
  const results = run.data?.text === text ? run.data.tests : [];
  if (names.length === 0) return <p className={styles.quiet}>{t("editor.tests.none")}</p>;
  const remove = (index: number) => {
    const refused = edit(store, (source) => removeItem(source, ["tests"], index));
    if (refused) toastError(new Error(t(`editor.refused.${refused}`)));
    else toast(t("editor.said.deleted", { what: names[index] ?? "" }), () => undoEdit(store));
  };
  return (
    <div className={styles.saved}>
      <Button
        icon={<Play size={16} aria-hidden className="flip" />}
        isDisabled={run.isPending}
        onPress={() => run.mutate(text)}
      >
        {t("editor.tests.run")}
      </Button>
      <ul className={styles.tests}>
        {names.map((name, index) => {
          // A table of cases has a result for each case, called `<name>: <case>`.
          const own = results.filter((result) => result.name === name || result.name.startsWith(`${name}: `));
          const failed = own.filter(({ passed }) => !passed);
          const Icon = own.length === 0 ? CircleDashed : failed.length > 0 ? CircleAlert : CircleCheck;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: a test is its place in the text.
            <li key={index}>
              <Icon
                size={16}
                aria-hidden
                className={own.length === 0 ? styles.quiet : failed.length > 0 ? styles.bad : styles.good}
              />
              <span>
                <bdi dir="auto">{name}</bdi>
                {failed.map((result) => (
                  <span key={result.name} className={styles.bad}>
                    <Failures failures={result.failures} />
                  </span>
                ))}
                <span className="hidden">
                  {own.length === 0 ? "" : t(failed.length > 0 ? "step.failed" : "step.done")}
                </span>
              </span>
              {open && (
                <IconButton
                  size="s"
                  label={t("editor.take_away", { what: name })}
                  icon={<Trash2 size={14} aria-hidden />}
                  onPress={() => remove(index)}
                />
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
