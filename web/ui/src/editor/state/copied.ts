//! The steps that were copied last in this window, for browsers that do not let us read the clipboard.

let text = "";

export function keepCopied(steps: string): void {
  text = steps;
}

/** As text; empty when nothing was copied here. */
export const copied = (): string => text;
