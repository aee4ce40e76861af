//! All that is wrong, line by line; loaded when it is opened.

import { CircleAlert, TriangleAlert } from "lucide-react";
import type { Problem } from "~/api/types";
import { useText } from "~/i18n";
import styles from "./header.module.css";

interface Props {
  problems: readonly Problem[];
  words: (problem: Problem) => string;
  onProblem: (problem: Problem) => void;
}

export default function ProblemList({ problems, words, onProblem }: Props) {
  const t = useText();
  return (
    <ul className={styles.problem_list}>
      {problems.map((problem) => (
        <li key={`${problem.line} ${problem.column} ${problem.message}`}>
          {problem.severity === "warning" ? (
            <TriangleAlert size={14} aria-hidden className={styles.warn} />
          ) : (
            <CircleAlert size={14} aria-hidden className={styles.bad} />
          )}
          <button type="button" className={styles.problem} onClick={() => onProblem(problem)}>
            <bdi dir="auto">{words(problem)}</bdi>{" "}
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
  );
}
