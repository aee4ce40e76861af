import type { QueryKey } from "@tanstack/react-query";
import { queries } from "./queries";

const underWay = new Map<string, Promise<void>>();
const next = new Map<string, Promise<void>>();

/**
 * Reads anew what is shown of `queryKey`; resolves when it is as it was at the call or later. One reading at a time: what changes
 * while one is under way is read by one more behind it. A reading that the next change cut off would never end once changes
 * come faster than answers.
 */
export function readAnew(queryKey: QueryKey): Promise<void> {
  const name = JSON.stringify(queryKey);
  const begin = () => {
    next.delete(name);
    const reading = read(queryKey).finally(() => {
      if (underWay.get(name) === reading) underWay.delete(name);
    });
    underWay.set(name, reading);
    return reading;
  };
  const before = underWay.get(name);
  if (!before) return begin();
  const waiting = next.get(name) ?? before.then(begin);
  next.set(name, waiting);
  return waiting;
}

async function read(queryKey: QueryKey): Promise<void> {
  // What somebody else asked for may have been answered before the change.
  const asked = queries.getQueryCache().findAll({ queryKey, fetchStatus: "fetching" });
  await Promise.allSettled(asked.map((query) => query.promise));
  await queries.invalidateQueries({ queryKey }, { cancelRefetch: false });
}
