import styles from "./failures.module.css";

/** What was not as a test expects: each failure begins a line, what differs is indented below it. */
export function Failures({ failures }: { failures: readonly string[] }) {
  return (
    <bdi dir="auto" className={styles.failures}>
      {failures.join("\n")}
    </bdi>
  );
}
