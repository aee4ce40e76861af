// What the server says to people, found in its source: the English forms of sentences, by which translations are found.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const SERVER = "../..";
/** Where every text with a space in it is for people. */
const CHECKS = [
  "engine/src/flow",
  "engine/src/flowtest/timeline.rs",
  "engine/src/flowtest/simulate.rs",
  "web/src/accounts/settings.rs",
  "web/src/accounts/oidc/mod.rs",
];
/** Where only what is marked is. */
const MARKED = [
  "web/src",
  "connectors/src",
  "engine/src/alarm",
  "engine/src/desk/staff.rs",
  "engine/src/flowtest/expect.rs",
  "engine/src/flowtest/sim.rs",
  "engine/src/handle",
  "engine/src/order.rs",
  "engine/src/runner",
];
/** Texts of the checks that nobody reads. */
const INNER =
  /^(these types are only described|the outer one is whether|switchboard (flow|rules|calendar|segment) 1|Switchboard document$|%Y-| at line $)/;
/** Words of the parser that are looked for in what it says. */
const PARSER = new Set(
  [
    "multiple documents",
    "budget breached",
    "trailing content after",
    "mapping values are not allowed",
    "simple key expected",
  ].concat([
    "unexpected character",
    "quoted scalar",
    "end of stream",
    "illegal placement",
    "invalid character",
    "true or false",
  ]),
);
/** Texts that a literal is the first word of: a call that takes an English text as it stands. */
const SAID =
  /\b(?:sentence!|ApiError::(?:bad_request|conflict|forbidden|problems|too_many)|Self::new|Sentence::from)\(\s*(?:StatusCode::\w+,\s*"\w+",\s*)?"((?:[^"\\]|\\[\s\S])*)"/g;
/** What was looked at of a connection, and what was found. */
const FOUND =
  /\bFinding::new\(\s*[^,()]*(?:\([^()]*\))?[^,()]*,\s*(?:"((?:[^"\\]|\\[\s\S])*)"|\w+(?:\(&?\w+\))?),\s*(?:"((?:[^"\\]|\\[\s\S])*)")?/g;
const FORMAT = /\bformat!\(\s*(?:&)?"(?:[^"\\]|\\.)*"/g;

function files(folder) {
  if (folder.endsWith(".rs")) return [join(SERVER, folder)];
  const names = readdirSync(join(SERVER, folder), { recursive: true, encoding: "utf8" });
  const skipped =
    folder === "web/src"
      ? /tests?\b|^(cli|config)\//
      : /tests?\b|difference|^document\/|(schema|scope|templates|uses|meaning)\.rs/;
  return names.filter((name) => name.endsWith(".rs") && !skipped.test(name)).map((name) => join(SERVER, folder, name));
}

/** The source without tests and comments. */
function source(file) {
  const text = readFileSync(file, "utf8").split(/#\[cfg\(test\)\]\nmod \w+ \{/)[0];
  return text
    .replace(/^\s*\/\/.*$/gm, "")
    .replace(/#!?\[[^\]]*\]/g, "")
    .replace(/debug_assert!\([^;]*;/g, "");
}

const plain = (literal) => literal.replace(/\\\n\s*/g, "").replace(/\\(.)/g, "$1");

/** All forms, each with the file that says it. */
export function sentences() {
  const found = new Map();
  const add = (literal, file) => {
    const form = plain(literal);
    if (/\w.* |^ \(?\w/.test(form) && !INNER.test(form) && !PARSER.has(form)) found.set(form, file);
  };
  for (const file of CHECKS.flatMap(files)) {
    const text = source(file)
      .replace(FORMAT, "")
      .replace(/'(?:\\.|[^'\\])'/g, "");
    for (const [, literal] of text.matchAll(/"((?:[^"\\]|\\.)*)"/g)) add(literal, file);
  }
  for (const file of MARKED.flatMap(files)) {
    const text = source(file);
    for (const [, literal] of text.matchAll(SAID)) add(literal, file);
    for (const [, ...literals] of text.matchAll(FOUND))
      for (const literal of literals.filter(Boolean)) found.set(plain(literal), file);
  }
  return found;
}

/** Where calls and runs fail. */
const FAILS = ["engine/src/run", "engine/src/runner", "engine/src/handle", "engine/src/local", "connectors/src"];
const CODE = /\b(?:Problem|Failure)::new\(\s*"([a-z_]+)"|\bPark \{ why: "([a-z_]+)"/g;

/** Codes with which calls and runs fail, each with the file that says it. */
export function codes() {
  const found = new Map();
  for (const file of FAILS.flatMap(files)) {
    for (const [, of, why] of source(file).matchAll(CODE)) found.set(of ?? why, file);
  }
  return found;
}
