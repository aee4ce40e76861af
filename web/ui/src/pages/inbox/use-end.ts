import { type RefObject, useEffect, useRef } from "react";

interface Pages {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

/** For the last row of a list: the next page is read when it comes into sight. */
export function useEnd({ hasNextPage, isFetchingNextPage, fetchNextPage }: Pages): RefObject<HTMLLIElement | null> {
  const end = useRef<HTMLLIElement>(null);
  const more = hasNextPage && !isFetchingNextPage;
  useEffect(() => {
    if (!more || !end.current) return;
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting && void fetchNextPage());
    watch.observe(end.current);
    return () => watch.disconnect();
  }, [more, fetchNextPage]);
  return end;
}
