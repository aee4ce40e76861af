import { useNavigate } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useRef } from "react";
import type { Escalation } from "~/api/desk";
import { useText } from "~/i18n";
import { setBadge } from "~/ui/title";
import { ring } from "./sound";
import { takeIt } from "./take";

/** While nobody answers it rings again. */
const RING_AGAIN_MS = 4_000;

/** Whether somebody writes here: then a letter is a letter. */
function writes(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** `T`, whatever keyboard it is on, takes the top one. */
export function useTakeKey(top: Escalation | undefined): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    const plain = !(event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.repeat);
    if (!top || !plain || event.code !== "KeyT" || writes(event.target)) return;
    if (document.querySelector('[role="dialog"], [role="menu"], [role="listbox"]')) return;
    event.preventDefault();
    void takeIt(top);
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => press(event);
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}

/** Calls whoever is offered `offers`: sound, a number in the title, a notification of the system. */
export function useCalls(offers: Escalation[]): void {
  const t = useText();
  const navigate = useNavigate();
  const shown = useRef(new Map<string, Notification>());
  const ids = offers.map(({ id }) => id).join(" ");
  const notify = useEffectEvent((one: Escalation) => {
    if (document.hasFocus() || !("Notification" in window) || Notification.permission !== "granted") return null;
    const who = one.contact?.name ?? one.contact?.phone ?? t("desk.somebody");
    const note = new Notification(t("desk.notice", { who }), {
      body: one.reason,
      tag: one.id,
      requireInteraction: true,
    });
    note.onclick = () => {
      window.focus();
      void navigate({ to: "/inbox", search: {} });
    };
    return note;
  });
  const renew = useEffectEvent(() => {
    for (const one of offers) {
      if (shown.current.has(one.id)) continue;
      const note = notify(one);
      if (note) shown.current.set(one.id, note);
    }
    for (const [id, note] of shown.current) {
      if (offers.some((one) => one.id === id)) continue;
      note.close();
      shown.current.delete(id);
    }
  });
  const called = useRef(new Set<string>());
  useEffect(() => {
    const now = ids === "" ? [] : ids.split(" ");
    setBadge(now.length);
    renew();
    // That somebody is gone calls nobody.
    if (now.some((id) => !called.current.has(id))) ring();
    called.current = new Set(now);
  }, [ids]);
  const waits = ids !== "";
  useEffect(() => {
    if (!waits) return;
    const again = setInterval(ring, RING_AGAIN_MS);
    return () => clearInterval(again);
  }, [waits]);
  useEffect(() => {
    const notes = shown.current;
    return () => {
      setBadge(0);
      for (const note of notes.values()) note.close();
    };
  }, []);
}
