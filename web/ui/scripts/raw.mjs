// Finds words for people that do not come from the messages: text between tags, and attributes and props that are read or seen.
// Names of keys, signs and figures are the same in every language. `npm run messages`
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

const SHOWN = new Set([
  "about",
  "action",
  "alt",
  "aria-description",
  "aria-label",
  "aria-roledescription",
  "aria-valuetext",
  "description",
  "hint",
  "label",
  "placeholder",
  "text",
  "title",
]);
/** The same as fields of what lists and menus are made of. */
const NAMED = new Set(["hint", "label", "placeholder"]);
/** Calls whose words are shown or said: the argument with them. */
const SAYING = { toast: 0, say: 1 };
/** What is no word of a language: names of keys, products and formats, addresses, ids. */
const SAME =
  /^(?:\S*[_/:]\S*|Ctrl|Alt|Shift|Enter|Esc|Tab|Del|Home|End|Space|[A-Z]|YAML|JSON|SVG|PNG|CSV|Switchboard|WhatsApp|HubSpot)$/;
/** What makes one text of two, or chooses between them. */
const JOINING = new Set([ts.SyntaxKind.PlusToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken]);
const LETTERS = /\p{L}{2}/u;

const wordsOf = (text) =>
  LETTERS.test(text) &&
  !text
    .trim()
    .split(/\s+/)
    .every((word) => SAME.test(word));

/** Raw words of one file, each with its line. */
export function rawWords(name, text) {
  const kind = name.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true, kind);
  const found = [];
  const note = (node, words) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart(file));
    found.push(`${name}:${line + 1}: "${words.trim()}" is for people and has no message`);
  };
  /** The strings that an expression may be: both sides of a choice. */
  const strings = (node) => {
    if (!node) return [];
    if (ts.isStringLiteralLike(node)) return [node];
    if (ts.isTemplateExpression(node)) return [node.head, ...node.templateSpans.map(({ literal }) => literal)];
    if (ts.isParenthesizedExpression(node) || ts.isJsxExpression(node)) return strings(node.expression);
    if (ts.isConditionalExpression(node)) return [...strings(node.whenTrue), ...strings(node.whenFalse)];
    if (!ts.isBinaryExpression(node)) return [];
    const both = JOINING.has(node.operatorToken.kind);
    if (node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken) return strings(node.right);
    return both ? [...strings(node.left), ...strings(node.right)] : [];
  };
  const look = (node) => {
    for (const own of strings(node)) if (wordsOf(own.text)) note(own, own.text);
  };
  const walk = (node) => {
    if (ts.isJsxText(node) && wordsOf(node.text)) note(node, node.text);
    else if (ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent)) look(node.expression);
    else if (ts.isJsxAttribute(node) && SHOWN.has(node.name.getText(file))) look(node.initializer);
    else if (ts.isPropertyAssignment(node) && NAMED.has(node.name.getText(file))) look(node.initializer);
    else if (ts.isCallExpression(node)) look(node.arguments[SAYING[node.expression.getText(file)] ?? -1]);
    ts.forEachChild(node, walk);
  };
  walk(file);
  return found;
}

function files(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.tsx?$/.test(name) && !/\.test\.|schema\.d\.ts$/.test(name))
    .map((name) => join(folder, name));
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const found = files("src").flatMap((name) => rawWords(name, readFileSync(name, "utf8")));
  for (const line of found) process.stderr.write(`${line}\n`);
  if (found.length > 0) process.exit(1);
  process.stdout.write("every word for people has a message\n");
}
