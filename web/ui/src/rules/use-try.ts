//! Trying the text on past messages: at once while that is quick, else when somebody asks.

import { useMutation } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { isOpen, useEditor } from "~/editor/state/editor";
import { useSettled } from "~/ui/time";
import { type Tried, tryRules } from "./api";

/** How long a try may take for the next one to be made without being asked for. */
const QUICK_SECONDS = 2;
const SETTLED_MS = 900;

/** What one try was made of. */
interface Asked {
  text: string;
  days: number | null;
  version: string | null;
}

export interface Trying {
  tried: Tried | null;
  /** Whether the text was changed since. */
  stale: boolean;
  busy: boolean;
  error: Error | null;
  days: number | null;
  setDays: (days: number | null) => void;
  start: () => void;
}

/** `version` is the one in force that the text is compared with; another one asks for another try. */
export function useTry(id: string, allowed: boolean, version: string | null): Trying {
  const text = useEditor((state) => state.source.text);
  const open = useEditor(isOpen);
  const errors = useEditor((state) => state.problems.some(({ severity }) => severity !== "warning"));
  const settled = useSettled(text, SETTLED_MS);
  const [days, setDays] = useState<number | null>(30);
  const [made, setMade] = useState<(Asked & { tried: Tried }) | null>(null);
  const asked = useRef("");
  const run = useMutation({
    mutationFn: async (what: Asked) => ({
      ...what,
      tried: await tryRules(id, what.text, what.days),
    }),
    onSuccess: setMade,
  });
  const key = `${version} ${days} ${settled}`;
  const quick = made === null || made.tried.seconds < QUICK_SECONDS;
  const wanted = allowed && open && !errors && quick && settled === text && asked.current !== key;
  const { mutate, isPending } = run;
  useEffect(() => {
    if (!wanted || isPending) return;
    asked.current = key;
    mutate({ text: settled, days, version });
  }, [wanted, isPending, key, settled, days, version, mutate]);
  return {
    tried: made?.tried ?? null,
    stale: made !== null && (made.text !== text || made.days !== days || made.version !== version),
    busy: isPending,
    error: run.error,
    days,
    setDays,
    start: () => {
      asked.current = `${version} ${days} ${text}`;
      mutate({ text, days, version });
    },
  };
}
