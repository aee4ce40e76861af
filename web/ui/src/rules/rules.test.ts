import { describe, expect, it } from "vitest";
import { documentOf } from "~/editor/inspector/field";
import { createEditor, undoEdit } from "~/editor/state/editor";
import {
  addRule,
  addTest,
  duplicateRule,
  moveRule,
  removeRule,
  ruleFor,
  rulesNow,
  setFlag,
  testNames,
} from "./commands";
import { exampleTest } from "./example-test";
import { addKeyword } from "./keyword";
import { changedRules, freeRuleId, moved, type RuleView, rulesOf, tagsOf } from "./model";

const TEXT = `format: 1
rules: shop
# The list.
list:
  # Prices.
  - rule: price
    name: Asks for the price
    on: whatsapp.message_received # every message
    when: >-
      text.mentions(event.text, [
        "price", # not a comment: it is in the text
        "цена"])
    then: { add_tags: [asks], for: 14d } # for sales

  - rule: silent
    on: { conversation.no_reply: { after: 48h, silent: customer } }
    then: { add_tags: [cold], remove_tags: [hot], escalate: { team: care } }
    stop: true
  - rule: big
    on: [whatsapp.order_received]
    when: event.order.total > 100
    then: { priority: high, fields: { size: large } }
`;

const open = (text = TEXT) => createEditor(text);
const text = (store: ReturnType<typeof open>) => store.getState().source.text;
const ids = (store: ReturnType<typeof open>) => rulesNow(store).map(({ id }) => id);
const t = (id: string, values: Record<string, unknown> = {}) => `${id} ${Object.values(values).join(" ")}`;

describe("rules of a file", () => {
  it("are read with what they listen to, ask and do", () => {
    const [price, silent, big] = rulesOf(documentOf(open().getState()));
    expect(price).toMatchObject({ id: "price", name: "Asks for the price", path: "list/0", stop: false, watch: false });
    expect(price?.does).toMatchObject({ add: ["asks"], keep: "14d", team: null });
    expect(silent?.triggers).toMatchObject([{ type: "conversation.no_reply", path: "list/1/on" }]);
    expect(silent?.triggers[0]?.params).toEqual({ after: "48h", silent: "customer" });
    expect(silent).toMatchObject({ stop: true, does: { remove: ["hot"], team: "care" } });
    expect(big).toMatchObject({ triggers: [{ path: "list/2/on/0" }], does: { fields: [["size", "large"]] } });
    expect(tagsOf(rulesOf(documentOf(open().getState())))).toEqual(["asks", "cold", "hot"]);
  });

  it("move with their comments, and come back byte for byte", () => {
    const store = open();
    expect(moveRule(store, 0, 3)).toBeNull();
    expect(ids(store)).toEqual(["silent", "big", "price"]);
    expect(text(store)).toContain("  # Prices.\n  - rule: price\n");
    expect(moveRule(store, 2, 0)).toBeNull();
    expect(ids(store)).toEqual(["price", "silent", "big"]);
    undoEdit(store);
    undoEdit(store);
    expect(text(store)).toBe(TEXT);
  });

  it("watch and stop are keys that come and go, and nothing else changes", () => {
    const store = open();
    const [price, silent] = rulesNow(store);
    if (!price || !silent) throw new Error("the rules");
    setFlag(store, price, "watch", true);
    expect(text(store)).toBe(TEXT.replace("# for sales\n", "# for sales\n    watch: true\n"));
    setFlag(store, price, "watch", false);
    expect(text(store)).toBe(TEXT);
    setFlag(store, silent, "stop", false);
    expect(text(store)).toBe(TEXT.replace("    stop: true\n", ""));
  });

  it("are added, copied as watching and taken away", () => {
    const store = open();
    addRule(store, 3, ruleFor("new", "it's", t));
    expect(text(store)).toBe(`${TEXT}  - rule: new
    name: "it's"
    on: whatsapp.message_received
    when: "text.mentions(event.text, [\\"it's\\"])"
    then: { add_tags: ["rules.new_tag "] }
`);
    expect(rulesNow(store)[3]?.when).toBe('text.mentions(event.text, ["it\'s"])');
    const [price] = rulesNow(store);
    if (!price) throw new Error("the rule");
    expect(duplicateRule(store, price)).toBeNull();
    expect(rulesNow(store)[1]).toMatchObject({ id: "price-2", watch: true, name: "Asks for the price" });
    removeRule(store, 1);
    removeRule(store, 3);
    expect(text(store)).toBe(TEXT);
  });

  it("that differ are told apart from those that only moved", () => {
    const store = open();
    const before = rulesNow(store);
    moveRule(store, 0, 3);
    expect(changedRules(before, rulesNow(store))).toEqual([]);
    expect(moved(before, rulesNow(store))).toBe(true);
    removeRule(store, 0);
    addRule(store, 0, ruleFor("fresh", "x", t));
    setFlag(store, rulesNow(store)[1] as RuleView, "watch", true);
    const changes = changedRules(before, rulesNow(store)).map(({ id, before: was, now }) => [id, was?.id, now?.id]);
    expect(changes).toEqual([
      ["fresh", undefined, "fresh"],
      ["big", "big", "big"],
      ["silent", "silent", undefined],
    ]);
  });

  it("get ids that nobody has", () => {
    expect(freeRuleId("Größe & Preis!", [])).toBe("gro-e-preis");
    expect(freeRuleId("цена", ["rule"])).toBe("rule-2");
    expect(freeRuleId("price", ["price", "price-2"])).toBe("price-3");
  });
});

describe("a keyword", () => {
  const added = (when: string, word = "new") => {
    const store = open(`rules: a\nlist:\n  - rule: one\n    on: x\n${when}    then: { add_tags: [t] }\n`);
    const [rule] = rulesNow(store);
    if (!rule) throw new Error("the rule");
    expect(addKeyword(store, rule, word)).toBeNull();
    return rulesNow(store)[0]?.when;
  };

  it("goes to the end of the list, in its place in the text", () => {
    const store = open();
    const [price] = rulesNow(store);
    if (!price) throw new Error("the rule");
    addKeyword(store, price, "سعر");
    expect(text(store)).toBe(TEXT.replace('"цена"]', '"цена", "سعر"]'));
  });

  it("makes a list of one word, and a condition where there is none", () => {
    expect(added('    when: text.mentions(event.text, "old")\n')).toBe('text.mentions(event.text, ["old", "new"])');
    expect(added("")).toBe('text.mentions(event.text, ["new"])');
  });

  it("stands beside what is asked already", () => {
    expect(added('    when: contact.language == "it"\n')).toBe(
      'contact.language == "it" || text.mentions(event.text, "new")',
    );
    expect(added("    when: a == 1 && b == 2\n")).toBe('(a == 1 && b == 2) || text.mentions(event.text, "new")');
  });

  it("with quotes in it stays one word, in a text of YAML quotes too", () => {
    expect(added(`    when: 'text.mentions(event.text, ["old"])'\n`, 'a "b" c')).toBe(
      'text.mentions(event.text, ["old", "a \\"b\\" c"])',
    );
  });
});

describe("an example that is wrong", () => {
  it("becomes a test of the one rule, without the names of people", () => {
    const store = open();
    const test = exampleTest("price", { way: "lost", text: "how much?" }, testNames(store), t);
    expect(addTest(store, test)).toBeNull();
    expect(text(store).slice(TEXT.length)).toBe(
      `tests:
  - name: rules.test.holds how much? price
    at:
      0s:
        whatsapp.message_received:
          text: how much?
    others: allowed
    held: [price]
`,
    );
    const gained = exampleTest("price", { way: "gained", text: "how much?" }, testNames(store), t);
    expect(gained).toMatchObject({ not_held: ["price"], name: "rules.test.holds_not how much? price" });
    const again = exampleTest("price", { way: "lost", text: "how much?" }, testNames(store), t);
    expect(again.name).toBe("rules.test.holds how much? price (2)");
  });
});
