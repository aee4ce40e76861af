import { useEffect, useState } from "react";

/**
 * The order in which cards are shown. While a hand is on them (`held`) nobody moves: who is gone keeps the place, who is new comes
 * at the end, so that what one is about to press stays under the pointer. Otherwise as in `wanted`.
 */
export function steady(shown: readonly string[], wanted: readonly string[], held: boolean): string[] {
  if (!held) return [...wanted];
  return [...shown, ...wanted.filter((id) => !shown.includes(id))];
}

/** `steady` over time. */
export function useSteady(wanted: readonly string[], held: boolean): string[] {
  const [shown, setShown] = useState<string[]>(() => [...wanted]);
  const key = wanted.join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the ids in `wanted`.
  useEffect(() => setShown((old) => steady(old, wanted, held)), [key, held]);
  return steady(shown, wanted, held);
}
