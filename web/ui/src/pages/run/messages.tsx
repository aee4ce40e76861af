import type { Message } from "~/api/types";
import { useText } from "~/i18n";
import { formatted } from "~/ui/said";
import { Time } from "~/ui/time";
import { TroubleText } from "~/ui/trouble";
import styles from "./run.module.css";

/** What was said in a run, as in a chat. */
export function Messages({ messages }: { messages: Message[] }) {
  const t = useText();
  return (
    <ul className={styles.messages}>
      {messages.map((message) => (
        <li key={message.id} className={message.inbound ? styles.inbound : styles.outbound}>
          <p dir="auto">{message.text ? <bdi>{formatted(message.text)}</bdi> : t("run.no_text")}</p>
          <span className={styles.by}>
            <Time at={message.status_at} as="short" /> {t(`run.message.${message.status}`)}
            {message.error && (
              <>
                {" · "}
                <TroubleText text={message.error} />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}
