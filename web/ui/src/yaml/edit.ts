//! An edit under way: splices in steps, each on the text that the one before left, checked at the end.

import { withNewlines } from "./lines";
import { Refused } from "./refused";
import { data, type Path, read, type Source } from "./source";
import { apply, type Splice } from "./splice";

/** An edit that was made: the new text, and how it came about. */
export interface Edited {
  readonly source: Source;
  /** Each batch is for the text that the batch before it left. */
  readonly batches: readonly (readonly Splice[])[];
}

/** Collects the splices of one edit. */
export class Draft {
  private readonly batches: Splice[][] = [];

  constructor(public source: Source) {
    if (source.doc.errors.length > 0) throw new Refused("invalid");
  }

  get text(): string {
    return this.source.text;
  }

  /** Applies splices; new lines end as the lines of the document do. */
  splice(...splices: Splice[]): void {
    const own = splices.map((splice) => ({ ...splice, insert: withNewlines(splice.insert, this.source.newline) }));
    const real = own.filter(({ from, to, insert }) => this.text.slice(from, to) !== insert);
    if (real.length === 0) return;
    this.batches.push(real);
    this.source = { ...read(apply(this.text, real)), newline: this.source.newline };
  }

  /** Ends the edit: what the text now says must be what was meant, otherwise nothing happens. */
  end(expected: unknown): Edited {
    if (this.source.doc.errors.length > 0 || !same(data(this.source), expected)) throw new Refused("unsafe");
    return { source: this.source, batches: this.batches };
  }
}

/** Whether two values are the same, whatever the order of keys; a bigint equals its number. */
export function same(a: unknown, b: unknown): boolean {
  if (typeof a === "bigint" || typeof b === "bigint") {
    return (
      (typeof a === "number" || typeof a === "bigint") &&
      (typeof b === "number" || typeof b === "bigint") &&
      String(a) === String(b)
    );
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Object.is(a ?? null, b ?? null);
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  return keys.length === others.length && keys.every((key) => Object.hasOwn(right, key) && same(left[key], right[key]));
}

/** A copy of `root` in which what is at `path` went through `change`; the containers around it are copied, the rest is shared. */
export function changed(root: unknown, path: Path, change: (value: unknown) => unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return change(root);
  if (Array.isArray(root)) {
    const copy = [...root];
    copy[Number(key)] = changed(copy[Number(key)], rest, change);
    return copy;
  }
  const copy = { ...((root ?? {}) as Record<string, unknown>) };
  copy[key] = changed(copy[key], rest, change);
  return copy;
}

/** What is at a place of plain data. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
