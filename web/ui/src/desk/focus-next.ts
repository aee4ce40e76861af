import { type RefObject, useEffect, useRef } from "react";

/**
 * Where a card is gone that had the keys, the first that is left in `box` gets them, and not the page below. Cards carry their id in
 * `data-card`; the last button of a card is its main one.
 */
export function useFocusNext(box: RefObject<HTMLElement | null>, ids: string): void {
  const last = useRef<string | null>(null);
  useEffect(() => {
    const onFocus = ({ target }: FocusEvent) => {
      const card = target instanceof Element ? target.closest<HTMLElement>("[data-card]") : null;
      last.current = card && box.current?.contains(card) ? (card.dataset.card ?? null) : null;
    };
    document.addEventListener("focusin", onFocus);
    return () => document.removeEventListener("focusin", onFocus);
  }, [box]);
  useEffect(() => {
    const nowhere = document.activeElement === null || document.activeElement === document.body;
    if (last.current === null || ids.split(" ").includes(last.current) || !nowhere) return;
    const buttons = box.current?.querySelector("[data-card]")?.querySelectorAll("button");
    buttons?.[buttons.length - 1]?.focus();
  }, [box, ids]);
}
