//! The commands of the canvas and the outline, with what is said about them.

import { useMemo } from "react";
import { type Translate, useText } from "~/i18n";
import { toast, toastError } from "~/ui/toast";
import { freeId, idsOf } from "~/yaml";
import type { Commands } from "../canvas/commands";
import { cardOf } from "../model/cards";
import type { Picture } from "../model/model";
import type { NewStep } from "../model/new-step";
import { type Stop, stopKey } from "../model/walk";
import { addSteps, type Outcome, pasteSteps, placeAt } from "./commands";
import { copied, keepCopied } from "./copied";
import { type EditorStore, focusStop, goTo, redoEdit, say, undoEdit } from "./editor";
import { inRow, meant, selected, selectMore, selectTo, toggleSelected } from "./selection";
import { copySteps, duplicateSteps, moveSteps, moveStepsTo, removeSteps } from "./several";
import { wrapSteps } from "./wrap";

export interface Opening {
  picker: (place: { list: string; index: number }, anchor: Element) => void;
  menu: (path: string, anchor: Element) => void;
  test: () => void;
  toFlow: (paths: readonly string[]) => void;
}

export interface Actions extends Commands {
  /** Adds what was picked and opens its settings. */
  pick: (place: { list: string; index: number }, step: NewStep) => void;
  pasteAt: (place: { list: string; index: number }) => void;
}

export function useCommands(store: EditorStore, open: Opening): Actions {
  const t = useText();
  return useMemo(() => {
    const refused = (reason: Outcome): boolean => {
      if (reason !== null) toastError(new Error(t(`editor.refused.${reason}`)));
      return reason !== null;
    };
    const title = (path: string) => {
      const step = store.getState().picture.steps.get(path);
      return step ? cardOf(step, t).title : "";
    };
    const of = (path: string) => meant(store.getState(), path);
    const sayMany = () => {
      const n = selected(store.getState()).length;
      say(store, t("editor.said.selected", { n }));
    };
    const remove = (paths: readonly string[]) => {
      const words = deletedWords(store.getState().picture, paths, t);
      if (refused(removeSteps(store, paths))) return;
      focusStop(store);
      say(store, words);
      toast(words, () => undoEdit(store));
    };
    const copy = (paths: readonly string[]): boolean => {
      const text = copySteps(store, paths);
      if (text === null) return false;
      keepCopied(text);
      void navigator.clipboard?.writeText(text).catch(() => undefined);
      return true;
    };
    /** Of one step its name is said, of several how many they are. */
    const done = (what: "copied" | "moved" | "up" | "down" | "duplicated", paths: readonly string[], name: string) => {
      const many = what === "up" || what === "down" ? "moved" : what;
      const one = paths.length === 1;
      say(store, one ? t(`editor.said.${what}`, { what: name }) : t(`editor.said.${many}_many`, { n: paths.length }));
    };
    const pasteAt = async (place: { list: string; index: number }) => {
      const text = (await navigator.clipboard?.readText().catch(copied)) || copied();
      if (text === "" || refused(pasteSteps(store, place.list, place.index, text))) return;
      focusStop(store);
      say(store, t("editor.said.pasted"));
    };
    return {
      add: open.picker,
      menu: open.menu,
      test: open.test,
      selectTo: (path) => {
        selectTo(store, path);
        sayMany();
      },
      selectMore: (by) => {
        selectMore(store, by);
        sayMany();
      },
      selectAlso: (path, stand) => {
        toggleSelected(store, path, stand);
        if (stand) focusStop(store);
        sayMany();
      },
      wrap: (path, around) => {
        const paths = of(path);
        if (!refused(wrapSteps(store, paths, around))) say(store, t("editor.said.wrapped", { n: paths.length }));
      },
      toFlow: (path) => {
        const paths = of(path);
        if (!refused(inRow(store.getState().picture, paths) ? null : "apart")) open.toFlow(paths);
      },
      remove: (path) => remove(of(path)),
      move: (path, by) => {
        const [paths, name] = [of(path), title(path)];
        if (refused(moveSteps(store, paths, by))) return;
        focusStop(store);
        done(by < 0 ? "up" : "down", paths, name);
      },
      moveTo: (path, list, index) => {
        const [paths, name] = [of(path), title(path)];
        if (refused(moveStepsTo(store, paths, list, index))) return;
        focusStop(store);
        done("moved", paths, name);
      },
      copy: (path) => {
        const paths = of(path);
        if (copy(paths)) done("copied", paths, title(path));
      },
      cut: (path) => {
        const paths = of(path);
        if (copy(paths)) remove(paths);
      },
      paste: (stop: Stop) => void pasteAt(placeAt(store.getState().picture, stop)),
      pasteAt: (place) => void pasteAt(place),
      duplicate: (path) => {
        const [paths, name] = [of(path), title(path)];
        if (refused(duplicateSteps(store, paths))) return;
        focusStop(store);
        done("duplicated", paths, name);
      },
      undo: () => {
        if (undoEdit(store)) say(store, t("editor.said.undone"));
      },
      redo: () => {
        if (redoEdit(store)) say(store, t("editor.said.redone"));
      },
      open: (stop) => goTo(store, stop, "inspector"),
      pick: (place, step) => {
        const { source } = store.getState();
        const value = step.make((wish) => freeId(wish, idsOf(source)));
        if (refused(addSteps(store, place.list, place.index, [value]))) return;
        say(store, t("editor.said.added", { what: step.title }));
        const stop: Stop = { kind: "step", path: `${place.list}/${place.index}` };
        store.setState({ fresh: stopKey(stop) });
        goTo(store, stop, "inspector");
      },
    };
  }, [store, open, t]);
}

/** What is said of steps that go: the name of one, else how many, those inside them counted. */
function deletedWords(picture: Picture, paths: readonly string[], t: Translate): string {
  const steps = paths.map((path) => picture.steps.get(path)).filter((step) => step !== undefined);
  const [first] = steps;
  const n = steps.reduce((sum, step) => sum + 1 + step.inside, 0);
  if (!first || steps.length > 1) return t("editor.said.deleted_many", { n });
  const what = cardOf(first, t).title;
  return n > 1 ? t("editor.said.deleted_more", { what, n }) : t("editor.said.deleted", { what });
}
