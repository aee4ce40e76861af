//! Says what was done to those who do not see it.

import { useEditor } from "../state/editor";

export function Said() {
  const { words, count } = useEditor((state) => state.said);
  return (
    <div className="hidden" aria-live="polite">
      {words}
      {/* The same words twice are said twice. */}
      {count % 2 === 0 ? "" : "\u00A0"}
    </div>
  );
}
