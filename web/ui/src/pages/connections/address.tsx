import { CopyButton } from "~/ui/json";
import styles from "./connections.module.css";

/** Where a service sends what happens there. */
export function Address({ text }: { text: string }) {
  return (
    <span className={styles.address}>
      <code dir="ltr">{text}</code>
      <CopyButton text={text} />
    </span>
  );
}
