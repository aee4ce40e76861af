import { afterEach, expect, it } from "vitest";
import { activate } from "~/i18n";
import { say, sentences, toldOutcomes, toldProblems } from ".";

const plain = (text: string | null) => text?.replaceAll(/[\u2068\u2069]/g, "");

afterEach(() => activate("en"));

it("says a sentence of the server in the language of the app, and its parts too", async () => {
  await activate("ru");
  await sentences();
  const expected = { form: "{what} is text", with: { what: "a choice" } };
  const sentence = { form: "{expected}; this is {kind}", with: { expected, kind: "a list" } };
  expect(plain(say("a choice is text; this is a list", sentence))).toBe("вариант ответа: нужен текст; а здесь список");
});

it("leaves braces of samples alone", async () => {
  await activate("it");
  await sentences();
  const form = "set it first: `- set: { {name}: … }`";
  expect(plain(say("", { form, with: { name: "sum" } }))).toBe("impostala prima: `- set: { sum: … }`");
});

it("says in English what has no translation, and tells by the code what another program complained of", async () => {
  await activate("zh");
  expect(say("a new sentence", { form: "a new sentence", with: {} })).toBe("a new sentence");
  const said = { message: { form: "{said}", with: { said: "Unknown operator" } }, hint: { form: "", with: {} } };
  const [problem] = await toldProblems([{ code: "script_syntax", message: "Unknown operator", hint: "", said }]);
  expect(plain(problem?.message ?? null)).toBe("无法读取表达式：Unknown operator");
});

it("tells what a test found, each difference on a line of its own", async () => {
  await activate("it");
  const said = {
    form: "line {line}: expected {wanted}",
    with: { line: "3", wanted: { form: "{action}", with: { action: "x.y" } } },
  };
  const differences = [
    { form: "{path}: expected {wanted}, it is {value}", with: { path: "a", wanted: "1", value: "2" } },
  ];
  const [outcome] = await toldOutcomes([{ failures: ["line 3: expected x.y\n  a: …"], said: [{ said, differences }] }]);
  expect(plain(outcome?.failures[0] ?? null)).toBe("riga 3: atteso x.y\n  a: atteso 1, è 2");
});
