//! Several steps that stand one behind the other become a flow of their own, which the flow they were in calls in their place.

import { createFlow } from "~/api/flows";
import {
  copyItems,
  type Edited,
  idsOf,
  insertItems,
  parsePath,
  Refused,
  read,
  removeItems,
  type Source,
  snippetOf,
  type Value,
} from "~/yaml";
import type { Step } from "../model/model";
import { type Outcome, orderFor } from "./commands";
import { type EditorStore, edit, goTo } from "./editor";
import { inRow } from "./selection";
import { oneAfterTheOther } from "./wrap";

/** What becomes of the steps: the text of the new flow, and what it is given. */
export interface Parted {
  text: string;
  /** By the name under which the new flow reads it: the formula that the old one gives. */
  given: Record<string, string>;
}

/**
 * The text of a flow of its own for a row of steps. What they read of the event, of variables and of steps that stay behind is given
 * to the new flow, which reads it as `event.input.…`; the contact and the conversation are the same there.
 */
export function parted(source: Source, row: readonly Step[], id: string, name: string): Parted {
  const steps = copyItems(
    source,
    row.map(({ list, index }) => ({ list: parsePath(list), index })),
  ).text;
  const inside = idsOf(read(steps));
  const given: Record<string, string> = {};
  const renamed = steps.replace(READ, (all, root: string, rest: string) => {
    const [own = ""] = rest.split(".");
    if (root === "steps" && inside.includes(own)) return all;
    if (root === "vars" && setsVariable(steps, own)) return all;
    const short = nameFor(rest, `${root}.${rest}`, given);
    given[short] = `= ${root}.${rest}`;
    return `event.input.${short}`;
  });
  const body = renamed.replace(/^(?=.)/gm, "  ");
  return { text: `format: 1\nflow: ${id}\nname: ${JSON.stringify(name)}\non: flow.called\nsteps:\n${body}`, given };
}

/** What expressions read that the new flow does not have. */
const READ = /\b(event|steps|vars)\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\b(?!\s*\()/g;

function setsVariable(steps: string, name: string): boolean {
  return new RegExp(`\\bset:[^]*?\\b${name}\\b\\s*:`).test(steps);
}

/** `order.total` as `order_total`; another number for another thing of that name. */
function nameFor(rest: string, whole: string, given: Record<string, string>): string {
  const short = rest.replaceAll(".", "_");
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? short : `${short}_${number}`;
    if (given[name] === undefined || given[name] === `= ${whole}`) return name;
  }
}

/** Makes the new flow, and calls it where the steps were. */
export async function moveToFlow(
  store: EditorStore,
  paths: readonly string[],
  id: string,
  name: string,
): Promise<Outcome> {
  const { picture, source } = store.getState();
  const row = inRow(picture, paths);
  const [first] = row ?? [];
  if (!row || !first) return "apart";
  try {
    const { text, given } = parted(source, row, id, name);
    await createFlow({ text });
    const list = parsePath(first.list);
    const call: Value = { run_flow: id, ...(Object.keys(given).length > 0 ? { with: given } : {}) };
    const makes: ((now: Source) => Edited)[] = [
      (now) => insertItems(now, list, first.index, snippetOf(call), orderFor(picture, list)),
      (now) =>
        removeItems(
          now,
          row.map(({ index }) => ({ list, index: index + 1 })),
        ),
    ];
    const stop = { kind: "step" as const, path: `${first.list}/${first.index}` };
    const refused = edit(store, (now) => oneAfterTheOther(now, makes), { stop });
    if (refused === null) goTo(store, stop);
    return refused;
  } catch (error) {
    if (error instanceof Refused) return error.reason;
    throw error;
  }
}
