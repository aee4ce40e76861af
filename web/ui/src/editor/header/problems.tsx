//! The strip below the flow: what is wrong, one click away from where it is.

import { ChevronDown, ChevronUp, CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { Problem } from "~/api/types";
import { useText } from "~/i18n";
import { Button } from "~/ui/button";
import { useEditor } from "../state/editor";
import styles from "./header.module.css";

export function Problems({ onProblem }: { onProblem: (problem: Problem) => void }) {
  const t = useText();
  const problems = useEditor((state) => state.problems);
  const [open, setOpen] = useState(false);
  const first = problems[0];
  const errors = problems.filter(({ severity }) => severity !== "warning").length;
  if (!first) {
    return (
      <footer className={styles.strip}>
        <CircleCheck size={16} aria-hidden className={styles.good} />
        <span className={styles.quiet}>{t("editor.problems", { n: 0 })}</span>
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
            {first.message}
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
      {open && (
        <ul className={styles.problem_list}>
          {problems.map((problem) => (
            <li key={`${problem.line} ${problem.column} ${problem.message}`}>
              {problem.severity === "warning" ? (
                <TriangleAlert size={14} aria-hidden className={styles.warn} />
              ) : (
                <CircleAlert size={14} aria-hidden className={styles.bad} />
              )}
              <button type="button" className={styles.problem} onClick={() => onProblem(problem)}>
                <bdi dir="auto">{problem.message}</bdi>{" "}
                {problem.hint && (
                  <bdi className={styles.quiet} dir="auto">
                    {problem.hint}
                  </bdi>
                )}
              </button>
              <span className={styles.quiet}>{t("editor.line", { n: problem.line })}</span>
            </li>
          ))}
        </ul>
      )}
    </footer>
  );
}
