//! What is different between two texts: in words, and line by line.

import { useQuery } from "@tanstack/react-query";
import { ArrowRight, Minus, Pencil, Plus, Tag } from "lucide-react";
import { lazy, Suspense } from "react";
import { useText } from "~/i18n";
import { Skeleton } from "~/ui/skeleton";
import { Tabs } from "~/ui/tabs";
import { type Change, diff } from "../api";
import { labelInWords } from "../model/cards";
import { changedField, changedValue } from "./field-words";
import styles from "./publish.module.css";

const TextDiff = lazy(() => import("./text-diff"));

const ICONS: Record<Change["kind"], typeof Plus> = {
  added: Plus,
  removed: Minus,
  changed: Pencil,
  moved: ArrowRight,
  renamed: Tag,
};

export function Changes({ before, now }: { before: string; now: string }) {
  const t = useText();
  const tabs = [
    { id: "words", label: t("editor.changes.words"), content: <InWords before={before} now={now} /> },
    {
      id: "text",
      label: t("editor.changes.text"),
      content: (
        <Suspense fallback={<Skeleton />}>
          <TextDiff before={before} now={now} />
        </Suspense>
      ),
    },
  ];
  return <Tabs label={t("editor.changes")} tabs={tabs} />;
}

function InWords({ before, now }: { before: string; now: string }) {
  const t = useText();
  const { data, error } = useQuery({ queryKey: ["diff", before, now], queryFn: () => diff(before, now), retry: false });
  if (error) return <p className={styles.quiet}>{t("editor.changes.unknown")}</p>;
  if (!data) return <Skeleton lines={3} />;
  if (data.changes.length === 0) return <p className={styles.quiet}>{t("editor.changes.none")}</p>;
  return (
    <>
      {!data.meaning_changed && <p className={styles.quiet}>{t("editor.changes.same_meaning")}</p>}
      <ul className={styles.changes}>
        {data.changes.map((change, at) => {
          const Icon = ICONS[change.kind] ?? Pencil;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the list is made once.
            <li key={at} className={styles[change.kind]}>
              <Icon size={14} aria-hidden />
              <span>
                <strong>{t(`editor.change.${change.kind}`)}</strong>{" "}
                <bdi dir="auto">{labelInWords(change.label, change.verb, t)}</bdi>
                {change.field && <Field field={change.field} old={change.old} now={change.new} />}
              </span>
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** A field with what it was and what it is; a text of several lines is shown by the other tab. */
function Field({ field, old, now }: { field: string; old: Change["old"]; now: Change["new"] }) {
  const t = useText();
  return (
    <>
      {" · "}
      <bdi dir="auto">{changedField(field, t)}</bdi>
      {": "}
      <bdi dir="auto">{changedValue(field, old, t)}</bdi> <ArrowRight size={12} aria-hidden className="flip" />{" "}
      <bdi dir="auto">{changedValue(field, now, t)}</bdi>
    </>
  );
}
