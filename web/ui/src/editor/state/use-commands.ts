//! The commands of the canvas and the outline, with what is said about them.

import { useMemo } from "react";
import { useText } from "~/i18n";
import { toast, toastError } from "~/ui/toast";
import { freeId, idsOf, type Reason } from "~/yaml";
import type { Commands } from "../canvas/commands";
import { cardOf } from "../model/cards";
import type { NewStep } from "../model/new-step";
import type { Stop } from "../model/walk";
import { addSteps, copyStep, duplicateStep, moveStep, moveTo, pasteSteps, placeAt, removeStep } from "./commands";
import { type EditorStore, goTo, redoEdit, say, selectMore, selectTo, undoEdit } from "./editor";
import { wrapSteps } from "./wrap";

export interface Opening {
  picker: (place: { list: string; index: number }, anchor: Element) => void;
  menu: (path: string, anchor: Element) => void;
  test: () => void;
  toFlow: (path: string) => void;
}

/** What was copied last, for browsers that do not let us read the clipboard. */
let kept = "";

export interface Actions extends Commands {
  /** Adds what was picked and opens its settings. */
  pick: (place: { list: string; index: number }, step: NewStep) => void;
  pasteAt: (place: { list: string; index: number }) => void;
}

export function useCommands(store: EditorStore, open: Opening): Actions {
  const t = useText();
  return useMemo(() => {
    const refused = (reason: Reason | null): boolean => {
      if (reason !== null) toastError(new Error(t(`editor.refused.${reason}`)));
      return reason !== null;
    };
    const title = (path: string) => {
      const step = store.getState().picture.steps.get(path);
      return step ? cardOf(step, t).title : "";
    };
    const sayMany = () => say(store, t("editor.said.selected", { n: store.getState().more + 1 }));
    const focus = () => {
      const { stop } = store.getState();
      if (stop) goTo(store, stop);
    };
    const remove = (path: string) => {
      const [what, inside] = [title(path), store.getState().picture.steps.get(path)?.inside ?? 0];
      if (refused(removeStep(store, path))) return;
      focus();
      const words =
        inside > 0 ? t("editor.said.deleted_more", { what, n: inside + 1 }) : t("editor.said.deleted", { what });
      say(store, words);
      toast(words, () => undoEdit(store));
    };
    const copy = (path: string): boolean => {
      const text = copyStep(store, path);
      if (text === null) return false;
      kept = text;
      void navigator.clipboard?.writeText(text).catch(() => undefined);
      return true;
    };
    const pasteAt = async (place: { list: string; index: number }) => {
      const text = (await navigator.clipboard?.readText().catch(() => kept)) || kept;
      if (text === "" || refused(pasteSteps(store, place.list, place.index, text))) return;
      focus();
      say(store, t("editor.said.pasted"));
    };
    return {
      add: open.picker,
      menu: open.menu,
      test: open.test,
      toFlow: open.toFlow,
      selectTo: (path) => {
        selectTo(store, path);
        sayMany();
      },
      selectMore: (by) => {
        selectMore(store, by);
        sayMany();
      },
      wrap: (path, around) => {
        const { more } = store.getState();
        if (!refused(wrapSteps(store, path, more, around))) say(store, t("editor.said.wrapped", { n: more + 1 }));
      },
      remove,
      move: (path, by) => {
        if (refused(moveStep(store, path, by))) return;
        focus();
        say(store, t(by < 0 ? "editor.said.up" : "editor.said.down", { what: title(path) }));
      },
      moveTo: (path, list, index) => {
        const what = title(path);
        if (refused(moveTo(store, path, list, index))) return;
        focus();
        say(store, t("editor.said.moved", { what }));
      },
      copy: (path) => {
        if (copy(path)) say(store, t("editor.said.copied", { what: title(path) }));
      },
      cut: (path) => {
        if (copy(path)) remove(path);
      },
      paste: (stop: Stop) => void pasteAt(placeAt(store.getState().picture, stop)),
      pasteAt: (place) => void pasteAt(place),
      duplicate: (path) => {
        if (!refused(duplicateStep(store, path))) focus();
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
        goTo(store, { kind: "step", path: `${place.list}/${place.index}` }, "inspector");
      },
    };
  }, [store, open, t]);
}
