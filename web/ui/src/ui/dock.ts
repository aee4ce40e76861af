import { type RefObject, useLayoutEffect } from "react";

/** Keeps what floats at the foot of the window above `part`, which stands there for as long as it is shown. */
export function useDock(part: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const { style } = document.documentElement;
    const tell = () => {
      const top = part.current?.getBoundingClientRect().top ?? window.innerHeight;
      style.setProperty("--dock", `${Math.max(0, Math.round(window.innerHeight - top))}px`);
    };
    const watch = new ResizeObserver(tell);
    if (part.current) watch.observe(part.current);
    window.addEventListener("resize", tell);
    tell();
    return () => {
      watch.disconnect();
      window.removeEventListener("resize", tell);
      style.removeProperty("--dock");
    };
  }, [part]);
}
