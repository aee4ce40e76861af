import { useEffect, useEffectEvent, useReducer, useRef, useState } from "react";
import { ApiError } from "~/api/client";
import { readMessages, type Said, sendMessage, type ToSend, uploadFile } from "~/api/inbox";
import { queries } from "~/api/queries";
import { useNotices } from "~/shell/follow";
import { toastError } from "~/ui/toast";
import { EMPTY, type Page, type Stretch, withNewest, withOlder, withOne } from "./window";

/** A message of ours that the server has not taken yet. */
export interface Pending {
  key: string;
  message: ToSend;
  shown: string;
  error: ApiError | null;
  /** A file that goes with it, and how much of it is there, 0 to 1; until it is, the message cannot name it. */
  file?: { file: File; part: number };
}

type Change =
  | { what: "newest"; page: Page }
  | { what: "older"; page: Page }
  | { what: "one"; one: Said }
  | { what: "restart"; page: Page };

function reduce(old: Stretch, change: Change): Stretch {
  switch (change.what) {
    case "newest":
      return withNewest(old, change.page);
    case "older":
      return withOlder(old, change.page);
    case "one":
      return withOne(old, change.one);
    case "restart":
      return withNewest(EMPTY, change.page);
  }
}

/** The messages of the conversation `id`, as they come; the page is made anew for each conversation. */
export function useMessages(id: string) {
  const [stretch, change] = useReducer(reduce, EMPTY);
  const [error, setError] = useState<unknown>(null);
  const [read, setRead] = useState(false);
  const [pending, setPending] = useState<Pending[]>([]);
  const reading = useRef(false);
  const again = useRef(false);

  const renew = useEffectEvent(async (what: "newest" | "restart", signal: AbortSignal | undefined) => {
    // Notices that come while one answer is under way are one more question, not many.
    if (reading.current) {
      again.current = true;
      return;
    }
    reading.current = true;
    try {
      do {
        again.current = false;
        const page = await readMessages(id, null, signal);
        if (signal?.aborted) return;
        change({ what, page });
        setRead(true);
        setError(null);
      } while (again.current);
    } catch (caught) {
      if (!signal?.aborted) setError(caught);
    } finally {
      reading.current = false;
    }
  });
  useEffect(() => {
    const stop = new AbortController();
    void renew("restart", stop.signal);
    return () => stop.abort();
  }, []);
  useNotices(({ kind, id: about }) => {
    if (kind === "reset" || (kind === "conversation" && (about ?? id) === id)) void renew("newest", undefined);
  });

  const [asking, setAsking] = useState(false);
  const older = async () => {
    if (asking || !stretch.older) return;
    setAsking(true);
    await readMessages(id, stretch.older)
      .then((page) => change({ what: "older", page }))
      .catch(toastError);
    setAsking(false);
  };
  const latest = () => void renew("restart", undefined);

  const alter = (key: string, part: Partial<Pending>) =>
    setPending((all) => all.map((one) => (one.key === key ? { ...one, ...part } : one)));
  /** What is sent: a file is taken to the server first, once, also when the message is tried again. */
  const whole = async (one: Pending): Promise<ToSend> => {
    const { file, message, key } = one;
    if (!file || message.file) return message;
    const told = await uploadFile(id, file.file, (part) => alter(key, { file: { ...file, part } }));
    const caption = message.text ? { caption: message.text } : {};
    const { text: _, ...rest } = message;
    const ready = { ...rest, file: { file: told.file, ...caption } };
    alter(key, { message: ready, file: { ...file, part: 1 } });
    return ready;
  };
  const put = async (one: Pending) => {
    setPending((all) => [...all.filter(({ key }) => key !== one.key), { ...one, error: null }]);
    try {
      const { message } = await sendMessage(id, await whole(one));
      change({ what: "one", one: message });
      setPending((all) => all.filter(({ key }) => key !== one.key));
    } catch (caught) {
      const refused = caught instanceof ApiError ? caught : null;
      if (!refused) toastError(caught);
      alter(one.key, { error: refused });
      void queries.invalidateQueries({ queryKey: ["inbox", "one", id] });
    }
  };
  const send = (message: Omit<ToSend, "key">, shown: string, file: File | null = null) => {
    const key = crypto.randomUUID();
    void put({ key, message: { ...message, key }, shown, error: null, ...(file && { file: { file, part: 0 } }) });
  };
  const drop = (key: string) => setPending((all) => all.filter((one) => one.key !== key));
  const retry = () => void renew("restart", undefined);
  return { ...stretch, read, error, retry, pending, asking, loadOlder: older, latest, send, put, drop };
}

export type Messages = ReturnType<typeof useMessages>;
