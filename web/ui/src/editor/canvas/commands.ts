//! What the canvas and the outline can ask for. Without them a picture is only looked at.

import { createContext, useContext } from "react";
import type { Stop } from "../model/walk";
import type { Around } from "../state/wrap";

/** What is done to a step is done to all selected ones when it is one of them. */
export interface Commands {
  /** Opens the list of steps; what is picked comes before item `index` of `list`. */
  add: (place: { list: string; index: number }, anchor: Element) => void;
  remove: (path: string) => void;
  move: (path: string, by: 1 | -1) => void;
  moveTo: (path: string, list: string, index: number) => void;
  copy: (path: string) => void;
  cut: (path: string) => void;
  paste: (stop: Stop) => void;
  duplicate: (path: string) => void;
  undo: () => void;
  redo: () => void;
  /** Opens the settings of what is selected. */
  open: (stop: Stop) => void;
  menu: (path: string, anchor: Element) => void;
  /** Selects all steps from the selected one to this. */
  selectTo: (path: string) => void;
  /** Selects one step more in this direction, or one less. */
  selectMore: (by: 1 | -1) => void;
  /** Adds a step to the selected ones or takes it away; `stand` moves the focus to it. */
  selectAlso: (path: string, stand: boolean) => void;
  /** Puts the steps into a step around them. */
  wrap: (path: string, around: Around) => void;
  /** Asks for the name of a flow that the steps go into. */
  toFlow: (path: string) => void;
  test: () => void;
}

/** Asked for by the cards inside the canvas. */
export interface CanvasCalls {
  commands: Commands | null;
  select: (stop: Stop) => void;
  toggle: (path: string) => void;
}

export const CanvasContext = createContext<CanvasCalls>({
  commands: null,
  select: () => undefined,
  toggle: () => undefined,
});

export function useCanvas(): CanvasCalls {
  return useContext(CanvasContext);
}
