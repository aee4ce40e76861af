import { QueryClient, replaceEqualDeep } from "@tanstack/react-query";
import { ApiError } from "./client";

/** A refusal will be the same the second time; silence may not. */
function again(tries: number, error: unknown): boolean {
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
  return !refused && tries < 2;
}

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: again, staleTime: 5_000, refetchOnWindowFocus: true } },
});

/**
 * `next`, in which everything that is as it was in `old` is the very same object, found by its id. By their places, as answers are
 * compared otherwise, all who wait would be somebody else as soon as the first of them is gone.
 */
export function sameById<T extends { id: string }>(old: readonly T[], next: readonly T[]): T[] {
  const known = new Map(old.map((one) => [one.id, one]));
  return next.map((one) => replaceEqualDeep(known.get(one.id), one));
}
