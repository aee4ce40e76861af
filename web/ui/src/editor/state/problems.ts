//! What is said to be wrong at the moment: not what was changed since it was found, nor what a step that was just added still lacks.

import type { Problem } from "~/api/types";
import { parsePath, type Source } from "~/yaml";
import { isWrittenMap, view, type Written } from "../model/view";
import { stopKey } from "../model/walk";
import { type EditorState, type EditorStore, useEditor } from "./editor";

/** What is at a place. */
export function at(root: Written | undefined, path: readonly string[]): Written | undefined {
  let value: Written | undefined = root;
  for (const key of path) {
    if (Array.isArray(value)) value = value[Number(key)];
    else if (isWrittenMap(value)) value = value[key];
    else return undefined;
  }
  return value;
}

export const isEmpty = (value: Written | undefined) => value === "" || (Array.isArray(value) && value.length === 0);

/** The text in which problems were found. */
const texts = new WeakMap<readonly Problem[], Source>();

/** Takes what is wrong with the text as it stands. */
export function found(store: EditorStore, problems: readonly Problem[]): void {
  texts.set(problems, store.getState().source);
  store.setState({ problems });
}

interface Answer {
  source: Source;
  fresh: string | null;
  shown: readonly Problem[];
}

/** The last answer for these problems, so that asking again gives the same list. */
const answers = new WeakMap<readonly Problem[], Answer>();

/** The problems that are shown. */
export function shownProblems({ problems, source, stop, fresh: added }: EditorState): readonly Problem[] {
  const fresh = stop?.kind === "step" && stopKey(stop) === added ? stop.path : null;
  const known = answers.get(problems);
  if (known?.source === source && known.fresh === fresh) return known.shown;
  const then = texts.get(problems) ?? source;
  const stands = ({ path }: Problem) => {
    if (path === null) return true;
    const now = at(view(source), parsePath(path));
    if (fresh !== null && path.startsWith(`${fresh}/`) && isEmpty(now)) return false;
    return then === source || JSON.stringify(now) === JSON.stringify(at(view(then), parsePath(path)));
  };
  const left = problems.filter(stands);
  const same = known && left.length === known.shown.length && left.every((one, index) => one === known.shown[index]);
  const shown = left.length === problems.length ? problems : same ? known.shown : left;
  answers.set(problems, { source, fresh, shown });
  return shown;
}

export const useProblems = () => useEditor(shownProblems);
