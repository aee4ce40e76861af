//! Why something did not happen: what the code means, and what the service said of it, marked as its words.

import { useText } from "~/i18n";
import { useLater } from "~/server/later";
import type { Trouble } from "~/server/trouble";
import styles from "./trouble.module.css";

/** The words are loaded with the first trouble. */
async function bring() {
  const { addTroubles, troubleOf } = await import("~/server/trouble");
  await addTroubles();
  return troubleOf;
}
const asItCame = (text: string): Trouble => ({ code: "", words: null, original: text });
const useTroubles = () => useLater(bring, asItCame);

/** `text` is a code with words, as the server keeps it. Services speak English. */
export function TroubleText({ text }: { text: string }) {
  const t = useText();
  const { code, words, original } = useTroubles()(text);
  if (words === null)
    return (
      <bdi lang="en" dir="auto">
        {text}
      </bdi>
    );
  return (
    <span className={styles.trouble}>
      <span>{words}</span>{" "}
      <span className={styles.original} title={t("trouble.original")}>
        <code dir="ltr">{code}</code>
        {original && (
          <>
            {" "}
            <q lang="en" dir="auto">
              {original}
            </q>
          </>
        )}
      </span>
    </span>
  );
}

/** The same on one line: what it means, else what was said. */
export function TroubleLine({ text }: { text: string }) {
  const { words, original, code } = useTroubles()(text);
  if (words !== null) return <span title={original || code}>{words}</span>;
  return (
    <bdi lang="en" dir="auto" title={text}>
      {text}
    </bdi>
  );
}

/** That a connection is down, and why. */
export function HeldText({ connection, reason }: { connection: string; reason: string | null }) {
  const t = useText();
  const { words, original, code } = useTroubles()(reason ?? "");
  return <>{t("runs.held", { connection, reason: words ?? (original || code) })}</>;
}
