//! Putting a draft in force: the text that is, why the draft may not be yet, and the request.

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useText } from "~/i18n";
import { type DocumentKind, type OnPublish, publish, versions, versionText } from "../api";
import type { Autosave } from "../state/autosave";
import { useEditor } from "../state/editor";
import { useApprovalMissing } from "./draft";

/** The text that is in force; nothing when none ever was. */
function useLiveText(
  kind: DocumentKind,
  id: string,
): { version: string | null; number: number; text: string; known: boolean } {
  const { data: all } = useQuery({ queryKey: ["versions", kind, id], queryFn: () => versions(kind, id) });
  const live = all?.versions.find(({ state }) => state === "live" || state === "off");
  const { data: text } = useQuery({
    queryKey: ["version", kind, id, live?.version],
    queryFn: () => versionText(kind, id, live?.version ?? ""),
    enabled: live !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return {
    version: live?.version ?? null,
    number: all?.versions[0]?.number ?? 0,
    text: text?.text ?? "",
    known: all !== undefined && (live === undefined || text !== undefined),
  };
}

export interface Publishing {
  kind: DocumentKind;
  id: string;
  saves: Autosave;
  /** Whether a text that is in force already is refused. */
  needsChange?: boolean;
  /** What becomes of waiting runs, by step, where the publisher chose. */
  waiting?: Record<string, OnPublish>;
  /** It is in force, as this version. */
  onPublished: (version: number) => void | Promise<void>;
}

export function usePublishing({ kind, id, saves, needsChange, waiting = {}, onPublished }: Publishing) {
  const t = useText();
  const text = useEditor((state) => state.source.text);
  const problems = useEditor((state) => state.problems);
  const broken = useEditor((state) => state.broken) !== null;
  const live = useLiveText(kind, id);
  const unapproved = useApprovalMissing(kind, id);
  const [comment, setComment] = useState("");
  const errors = problems.filter(({ severity }) => severity !== "warning");
  const send = useMutation({
    mutationFn: async () => {
      if (!(await saves.flush())) throw new Error(t("editor.publish.not_saved"));
      const { revision } = saves.store.getState();
      return publish(kind, id, { revision, comment, over: live.version, waiting });
    },
    onSuccess: () => onPublished(live.number + 1),
  });
  const why = broken
    ? t("editor.publish.broken")
    : errors.length > 0
      ? t("editor.publish.errors", { n: errors.length })
      : needsChange && live.known && live.text === text
        ? t("rules.nothing_changed")
        : unapproved
          ? t("editor.review.needed")
          : null;
  return { text, problems, errors, broken, live, why, send, comment, setComment };
}
