//! One place of the text as a form sees it: its value, its problems, and how to change it.

import { useMemo } from "react";
import type { Problem } from "~/api/types";
import { useText } from "~/i18n";
import { toastError } from "~/ui/toast";
import { formatPath, parsePath, type Value } from "~/yaml";
import { view, type Written } from "../model/view";
import { type Outcome, setAt, unset } from "../state/commands";
import { type EditorState, isOpen, useEditor, useEditorStore } from "../state/editor";
import { at, isEmpty, useProblems } from "../state/problems";

export interface Field {
  path: readonly string[];
  value: Written | undefined;
  /** What is wrong here or below, in one sentence. */
  error: string | null;
  readOnly: boolean;
  set: (value: Value) => void;
  unset: () => void;
  /** Empty text takes an optional key away. */
  setText: (text: string) => void;
}

/** The document as plain values. */
export function documentOf(state: EditorState): Written {
  return view(state.source);
}

export function useField(path: readonly string[], required = false): Field {
  const t = useText();
  const store = useEditorStore();
  const refused = useRefused();
  const key = formatPath(path);
  const value = useEditor((state) => at(documentOf(state), path));
  const problems = useProblems();
  const readOnly = !useEditor(isOpen);
  return useMemo(() => {
    const place = parsePath(key);
    const set = (next: Value) => refused(setAt(store, place, next, key));
    const take = () => {
      if (value !== undefined) refused(unset(store, place));
    };
    return {
      path: place,
      value,
      readOnly,
      set,
      unset: take,
      error: isEmpty(value) && problems.some(({ path }) => path === key) ? t("editor.needed") : errorAt(problems, key),
      setText: (text) => (text === "" && !required ? take() : set(text)),
    };
  }, [key, value, problems, readOnly, required, store, refused, t]);
}

export function errorAt(problems: readonly Problem[], path: string): string | null {
  const found = problems.find((problem) => problem.path === path || problem.path?.startsWith(`${path}/`));
  if (!found?.hint) return found?.message ?? null;
  return `${found.message}${/[.!?:;]$/.test(found.message) ? "" : ";"} ${found.hint}`;
}

/** Says why an edit was refused. */
export function useRefused(): (reason: Outcome) => boolean {
  const t = useText();
  return useMemo(
    () => (reason) => {
      if (reason !== null) toastError(new Error(t(`editor.refused.${reason}`)));
      return reason === null;
    },
    [t],
  );
}
