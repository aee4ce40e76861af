import { useEffect, useEffectEvent } from "react";

/** Calls `then` on Ctrl or Command with `key`, wherever the focus is. */
export function useHotkey(key: string, then: () => void): void {
  const act = useEffectEvent(then);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== key) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [key]);
}
