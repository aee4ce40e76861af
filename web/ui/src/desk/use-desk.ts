import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { type Desk, deskQuery, type Escalation } from "~/api/desk";
import { useLive } from "~/api/live";
import { explainGone } from "./take";

/** While nobody tells of changes they are asked for. */
const ASK_MS = 3_000;
const CHECK_MS = 30_000;

const NONE: Escalation[] = [];

/** Who waits and who is there; with `select` a part of it, and nothing is drawn again while that part is as it was. */
export function useDesk<T = Desk>(select?: (desk: Desk) => T) {
  const live = useLive(({ link }) => link === "live");
  const refetchInterval = live ? CHECK_MS : ASK_MS;
  return useQuery<Desk, Error, T, string[]>({
    ...deskQuery,
    select,
    refetchInterval,
    refetchIntervalInBackground: true,
  });
}

/** Says of each escalation that is no longer waiting what became of it; once in the app. */
export function useGone(): void {
  const { data } = useDesk();
  const before = useRef<Escalation[]>(NONE);
  useEffect(() => {
    if (!data) return;
    void explainGone(before.current, data.waiting).catch(() => {});
    before.current = data.waiting;
  }, [data]);
}
