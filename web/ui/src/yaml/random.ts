//! Random documents for the tests of edits: commented, oddly indented, in every style that YAML has.

/** Texts that are hard to write as YAML. */
export const TEXTS = [
  "hello",
  "it is: ok",
  "#tag",
  "yes",
  "123",
  "1e3",
  "null",
  "  pad",
  "+39 055",
  "a, b",
  "{{contact.name}}",
  "Привет",
  "مرحبا",
  "你好",
  "multi\nline\ntext\n",
  "two\nlines",
  "- dash",
  '"q"',
  "it's",
  "",
  "48h",
  "0x1F",
  "2026-01-01",
  "*star",
  "&amp",
  "%x",
  "@at",
  "`t`",
  "true",
  "~",
  "= event.order.total * 2",
  '= steps["a"].b',
  "12:30",
  "007",
  "a\tb",
  "end: ",
  "a #b",
  "\u200fمرحبا",
  "x\r\ny",
  " \n lead",
  "C:\\dir",
  "on",
];

/** A small generator of numbers that are the same each time. */
export function dice(seed: number) {
  let state = seed;
  const roll = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(roll() * limit);
  return { roll, below, pick: <T>(all: readonly T[]): T => all[below(all.length)] as T };
}
export type Dice = ReturnType<typeof dice>;

function steps(d: Dice, pad: string, depth: number, name: string): string[] {
  const lines: string[] = [];
  for (let index = 0; index <= d.below(4); index += 1) {
    const id = `${name}${index}`;
    if (d.roll() < 0.25) lines.push("");
    if (d.roll() < 0.4) lines.push(`${pad}# about ${id}`);
    if (d.roll() < 0.1) lines.push(`${pad}# and more of ${id}`);
    if (d.roll() < 0.2) lines.push(`${pad}- { id: ${id}, wait: 5m }${d.roll() < 0.5 ? `   # inline ${id}` : ""}`);
    else if (d.roll() < 0.1)
      lines.push(`${pad}- { if: "a > b", then: [ { stop: ${id} }, { again: m } ], note: [x,  "y z"] }`);
    else if (d.roll() < 0.05)
      lines.push(`${pad}- { id: ${id}, # in brackets`, `${pad}    set: { a: 1, b: [c, # deep`, `${pad}      d] } }`);
    else if (depth < 3 && d.roll() < 0.35) {
      lines.push(`${pad}- id: ${id}${d.roll() < 0.3 ? "    # its id" : ""}`, `${pad}  if: 'x == "${id}"'`);
      const indented = d.roll() < 0.7 ? "    " : "  ";
      lines.push(`${pad}  then:${d.roll() < 0.2 ? " # yes" : ""}`, ...steps(d, pad + indented, depth + 1, `${id}t`));
      if (d.roll() < 0.4) lines.push(`${pad}  else: []${d.roll() < 0.3 ? " # nothing" : ""}`);
      else if (d.roll() < 0.5) lines.push(`${pad}  else:`, ...steps(d, `${pad}    `, depth + 1, `${id}e`));
      if (d.roll() < 0.2) lines.push(`${pad}  # at the end of ${id}`);
    } else {
      lines.push(`${pad}- id: ${id}`, `${pad}  do:   tag`);
      if (d.roll() < 0.4) lines.push(`${pad}  # inside ${id}`);
      lines.push(
        `${pad}  with:`,
        `${pad}    text: ${d.pick(["plain value", "'single'", '"double"', "+8613800138000", "12345678901234567890"])}    # t`,
      );
      if (d.roll() < 0.3)
        lines.push(
          `${pad}    body: ${d.pick(["|", "|-", ">", "| # head"])}`,
          `${pad}      line one`,
          `${pad}      # not a comment`,
          "",
          `${pad}      last`,
        );
      if (d.roll() < 0.2) lines.push(`${pad}    long: plain text that`, `${pad}      goes on`);
      if (d.roll() < 0.3) lines.push(`${pad}    tags: [a,  b,c]   # spaced`);
      if (d.roll() < 0.2) lines.push(`${pad}    nothing:${d.roll() < 0.5 ? "  # blank" : ""}`);
    }
  }
  return lines;
}

/** A flow with comments wherever they can stand. */
export function document(d: Dice): string {
  const pad = d.pick(["", "  ", "    "]);
  const lines = ["# header of the file", "", "format: 1", 'name:   "Flow X"    # its name', "on:", "  - manual"];
  lines.push("steps:", ...steps(d, pad, 0, "s"));
  if (d.roll() < 0.4) lines.push("", "# what follows", "finally:", ...steps(d, "  ", 2, "f"));
  if (d.roll() < 0.3) lines.push("", "# the end");
  let text = lines.join("\n") + (d.roll() < 0.8 ? "\n" : "");
  if (d.roll() < 0.2) text = text.replaceAll("\n", "\r\n");
  return d.roll() < 0.1 ? `\uFEFF${text}` : text;
}
