import { useEffect } from "react";

let name: string | null = null;
let badge = 0;

function write(): void {
  const count = badge > 0 ? `(${badge}) ` : "";
  document.title = `${count}${name ? `${name} · ` : ""}Switchboard`;
}

/** The title of the window while the page is shown. */
export function useTitle(shown: string | null): void {
  useEffect(() => {
    name = shown;
    write();
  }, [shown]);
}

/** How many wait for this person, in front of the title: seen when another window is in front. */
export function setBadge(count: number): void {
  badge = count;
  write();
}
