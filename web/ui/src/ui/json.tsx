import { Check, Copy } from "lucide-react";
import { useState } from "react";
import type { Json } from "~/api/types";
import { useText } from "~/i18n";
import { IconButton } from "./button";
import styles from "./json.module.css";

/** A value as a tree that opens and closes, with a button that copies it whole. */
export function JsonView({ value, label }: { value: Json | undefined; label: string }) {
  const t = useText();
  if (value === null || value === undefined) return <p className={styles.none}>{t("ui.no_value")}</p>;
  return (
    <section className={styles.frame} aria-label={label} dir="ltr">
      <CopyButton text={JSON.stringify(value, null, 2)} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach what is hidden. */}
      <div className={styles.scroll} tabIndex={0} translate="no">
        <Value value={value} depth={0} />
      </div>
    </section>
  );
}

/** Text of a program, as it is. */
export function Code({ text, label }: { text: string; label: string }) {
  return (
    <section className={styles.frame} aria-label={label} dir="ltr">
      <CopyButton text={text} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and keys must reach what is hidden. */}
      <pre className={styles.scroll} tabIndex={0}>
        {text}
      </pre>
    </section>
  );
}

const SHOWN_MS = 1_500;

export function CopyButton({ text }: { text: string }) {
  const t = useText();
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), SHOWN_MS);
  };
  const icon = copied ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />;
  return (
    <span className={styles.copy}>
      <IconButton size="s" label={copied ? t("ui.copied") : t("ui.copy")} icon={icon} onPress={copy} />
    </span>
  );
}

function Value({ value, depth }: { value: Json; depth: number }) {
  if (value === null || typeof value !== "object") return <Leaf value={value} />;
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  if (entries.length === 0) return <span className={styles.mark}>{isList ? "[]" : "{}"}</span>;
  const rows = entries.map(([name, inner]) => <Row key={name} name={name} value={inner} depth={depth} />);
  return <ul className={styles.list}>{rows}</ul>;
}

/** Deeper than this begins closed. */
const OPEN_DEPTH = 2;

function Row({ name, value, depth }: { name: string; value: Json; depth: number }) {
  const inner = value !== null && typeof value === "object" && Object.keys(value).length > 0;
  if (!inner) {
    return (
      <li>
        <span className={styles.key}>{name}</span>: <Value value={value} depth={depth} />
      </li>
    );
  }
  return (
    <li>
      <details open={depth < OPEN_DEPTH}>
        <summary>
          <span className={styles.key}>{name}</span>
          <span className={styles.mark}>{Array.isArray(value) ? ` [${value.length}]` : ""}</span>
        </summary>
        <Value value={value} depth={depth + 1} />
      </details>
    </li>
  );
}

function Leaf({ value }: { value: null | boolean | number | string }) {
  if (typeof value === "string") {
    return (
      <bdi className={styles.string} dir="auto">
        {value}
      </bdi>
    );
  }
  return <span className={styles.scalar}>{String(value)}</span>;
}
