import { create } from "zustand";
import { ApiError } from "~/api/client";
import { type Actor, decline, type Escalation, escalationQuery, readDesk, type Taken, take } from "~/api/desk";
import { queries } from "~/api/queries";
import { router } from "~/router";
import { toastError } from "~/ui/toast";

/** Somebody who waited a moment ago, and what became of it. */
export interface Gone {
  one: Escalation;
  how: "taken" | "missed" | "over";
  by: Actor | null;
}

interface State {
  gone: Record<string, Gone>;
  /** Being taken by us right now. */
  taking: string | null;
  /** As the board shows them, while it is shown: its first is the top one. */
  order: string[] | null;
}

export const useTakes = create<State>(() => ({ gone: {}, taking: null, order: null }));

export const setOrder = (order: string[] | null) => useTakes.setState({ order });

/** More of them would hide those who still wait. */
const MOST_GONE = 3;
/** Long enough to read a name. */
const SHOWN_MS = 5_000;

export function setGone(one: Escalation, how: Gone["how"], by: Actor | null): void {
  useTakes.setState(({ gone }) => ({
    gone: Object.fromEntries(Object.entries({ ...gone, [one.id]: { one, how, by } }).slice(-MOST_GONE)),
  }));
  setTimeout(() => {
    useTakes.setState(({ gone: { [one.id]: _, ...rest } }) => ({ gone: rest }));
  }, SHOWN_MS);
}

/** Takes it and goes to the conversation. Who was slower is shown who has it. */
export async function takeIt(one: Escalation): Promise<void> {
  if (useTakes.getState().taking) return;
  useTakes.setState({ taking: one.id });
  try {
    const { conversation } = await take(one.id);
    void queries.invalidateQueries({ queryKey: ["inbox"] });
    if (conversation) await router.navigate({ to: "/inbox/$conversation", params: { conversation } });
  } catch (error) {
    if (error instanceof ApiError && error.code === "taken") setGone(one, "taken", (error.details as Taken).by);
    else toastError(error);
  } finally {
    useTakes.setState({ taking: null });
    void readDesk();
  }
}

export async function declineIt(one: Escalation): Promise<void> {
  await decline(one.id).catch(toastError);
  await readDesk();
}

const asked = new Set<string>();

/**
 * Finds out what became of those that were there and are not, ours first. What is said of somebody stays until it could be read:
 * while there is no room for more, nobody else is asked about.
 */
export async function explainGone(before: readonly Escalation[], now: readonly Escalation[]): Promise<void> {
  const ids = new Set(now.map(({ id }) => id));
  const left = before
    .filter(({ id }) => !ids.has(id))
    .toSorted((one, other) => Number(other.to_me) - Number(one.to_me));
  for (const one of left) {
    const { gone, taking } = useTakes.getState();
    if (Object.keys(gone).length + asked.size >= MOST_GONE) return;
    if (!gone[one.id] && taking !== one.id && !asked.has(one.id)) await explain(one);
  }
}

async function explain(one: Escalation): Promise<void> {
  asked.add(one.id);
  try {
    const { state, accepted_by, mine } = await queries.fetchQuery({ ...escalationQuery(one.id), staleTime: 0 });
    if (mine || useTakes.getState().gone[one.id]) return;
    setGone(one, state === "taken" ? "taken" : state === "missed" ? "missed" : "over", accepted_by);
  } finally {
    asked.delete(one.id);
  }
}
