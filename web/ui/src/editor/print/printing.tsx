//! Waits for the browser to print, whoever asked it to: from the menu, by Ctrl+P, by its own menu.

import { type ComponentType, useEffect, useState } from "react";
import { flushSync } from "react-dom";
import type { Picture } from "../model/model";
import { useEditor } from "../state/editor";

/** The sheet, there only while the browser prints: it asks for it and waits for nothing. */
export function Printing() {
  const picture = useEditor((state) => state.picture);
  const [Sheet, setSheet] = useState<ComponentType<{ picture: Picture }> | null>(null);
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    void import("./sheet").then(({ PrintSheet }) => setSheet(() => PrintSheet));
    const begin = () => flushSync(() => setPrinting(true));
    const end = () => setPrinting(false);
    window.addEventListener("beforeprint", begin);
    window.addEventListener("afterprint", end);
    return () => {
      window.removeEventListener("beforeprint", begin);
      window.removeEventListener("afterprint", end);
    };
  }, []);
  return printing && Sheet ? <Sheet picture={picture} /> : null;
}
