//! The strip below the flow: what is wrong, one click away from where it is.

import { ChevronDown, ChevronUp, CircleAlert, CircleCheck, CircleDashed, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import type { Problem } from "~/api/types";
import { type Translate, useText, worded } from "~/i18n";
import { Button } from "~/ui/button";
import { parsePath } from "~/yaml";
import { documentOf } from "../inspector/field";
import { fieldInWords } from "../model/cards";
import type { Written } from "../model/view";
import { useEditor } from "../state/editor";
import { at, isEmpty, useProblems } from "../state/problems";
import styles from "./header.module.css";

const ProblemList = lazy(() => import("./problem-list"));

export function Problems({ onProblem }: { onProblem: (problem: Problem) => void }) {
  const t = useText();
  const problems = useProblems();
  // Some were found, but what they are about is being written.
  const unsure = useEditor((state) => state.problems.length > 0);
  const text = useEditor(documentOf);
  const words = (problem: Problem) => inWords(problem, text, t);
  const [open, setOpen] = useState(false);
  const first = problems[0];
  const errors = problems.filter(({ severity }) => severity !== "warning").length;
  if (!first) {
    return (
      <footer className={styles.strip}>
        {unsure ? (
          <CircleDashed size={16} aria-hidden className={styles.quiet} />
        ) : (
          <CircleCheck size={16} aria-hidden className={styles.good} />
        )}
        <span className={styles.quiet}>{unsure ? t("editor.unfinished") : t("editor.problems", { n: 0 })}</span>
      </footer>
    );
  }
  return (
    <footer className={styles.strip}>
      <div className={styles.strip_head}>
        {errors > 0 ? (
          <CircleAlert size={16} aria-hidden className={styles.bad} />
        ) : (
          <TriangleAlert size={16} aria-hidden className={styles.warn} />
        )}
        <strong>{t("editor.problems", { n: problems.length })}</strong>
        {!open && (
          <bdi className={styles.first} dir="auto">
            {words(first)}
          </bdi>
        )}
        <Button size="s" onPress={() => onProblem(first)}>
          {t("editor.go")}
        </Button>
        <Button
          size="s"
          look="plain"
          aria-expanded={open}
          icon={open ? <ChevronDown size={14} aria-hidden /> : <ChevronUp size={14} aria-hidden />}
          onPress={() => setOpen(!open)}
        >
          {t(open ? "editor.show_less" : "editor.show_all")}
        </Button>
      </div>
      <Suspense>{open && <ProblemList problems={problems} words={words} onProblem={onProblem} />}</Suspense>
    </footer>
  );
}

/** A problem as the strip says it: what is only not filled in yet, as its field says it. */
function inWords(problem: Problem, text: Written, t: Translate): string {
  const path = parsePath(problem.path ?? "");
  const key = path.at(-1);
  if (key === undefined || !isEmpty(at(text, path))) return problem.message;
  const field = worded(`editor.verb.${key}`) ? t(`editor.verb.${key}`) : fieldInWords(key, t);
  return `${field}: ${t("editor.needed")}`;
}
