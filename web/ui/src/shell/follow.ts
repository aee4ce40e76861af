import { useEffect, useEffectEvent } from "react";
import { readAnew } from "~/api/anew";
import { listen, type Notice } from "~/api/live";
import { queries } from "~/api/queries";

/** Which lists a notice makes old; they are keyed by these words. */
const OLD: Record<Notice["kind"], string[]> = {
  run: ["run", "contact"],
  attention: ["attention", "flows", "run"],
  escalation: ["escalations"],
  presence: [],
  alarm: ["alarms"],
  conversation: [],
  mention: [],
  typing: [],
  flow: ["flows", "rules", "reviews"],
  contact: ["contact", "chat"],
  connection: ["connections"],
  reset: [],
};

/** Under load there are hundreds of notices a second: lists are read anew this often at most, and that many changed is told as often. */
const PACE_MS = 1_000;
/** The figures of flows are counted this often: what a run changed in them is not there earlier. */
const FIGURES_MS = 5_000;

/** Reads anew what the server says has changed, while the app is shown. */
export function useFollow(): void {
  useEffect(() => {
    const old = new Set<string>();
    const many = new Map<Notice["kind"], Notice>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let figures: ReturnType<typeof setTimeout> | undefined;
    const renewFigures = () => {
      figures = undefined;
      void readAnew(["flows"]);
    };
    const renew = () => {
      timer = undefined;
      for (const key of old) void readAnew([key]);
      for (const notice of many.values()) tell(notice);
      old.clear();
      many.clear();
    };
    const stop = listen((notice) => {
      if (notice.kind === "reset")
        void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "session" });
      if (notice.id || notice.kind === "reset") tell(notice);
      else many.set(notice.kind, notice);
      for (const key of OLD[notice.kind]) old.add(key);
      if (notice.kind === "run") figures ??= setTimeout(renewFigures, FIGURES_MS);
      timer ??= setTimeout(renew, PACE_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
      clearTimeout(figures);
    };
  }, []);
}

const hearers = new Set<(notice: Notice) => void>();

function tell(notice: Notice): void {
  for (const hear of hearers) hear(notice);
}

/** Each notice as it comes, and that many of a kind changed once a second, for whoever decides by itself what to read anew and when. */
export function useNotices(hear: (notice: Notice) => void): void {
  const act = useEffectEvent(hear);
  useEffect(() => {
    const hearer = (notice: Notice) => act(notice);
    hearers.add(hearer);
    return () => void hearers.delete(hearer);
  }, []);
}

/** Each notice of a run. */
export function useRunNotices(hear: (notice: Notice) => void): void {
  useNotices((notice) => notice.kind === "run" && hear(notice));
}
