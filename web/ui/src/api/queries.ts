import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./client";

/** A refusal will be the same the second time; silence may not. */
function again(tries: number, error: unknown): boolean {
  const refused = error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
  return !refused && tries < 2;
}

export const queries = new QueryClient({
  defaultOptions: { queries: { retry: again, staleTime: 5_000, refetchOnWindowFocus: true } },
});
