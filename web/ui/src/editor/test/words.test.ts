import { beforeAll, expect, it } from "vitest";
import { activate, translate } from "~/i18n";
import { addEditorTexts } from "../texts";
import { momentInWords, sentenceInWords } from "./words";

beforeAll(async () => {
  await activate("en");
  await addEditorTexts();
});

/** Without the marks that keep the direction of texts in texts. */
const plain = (text: string) => text.replace(/[\u2068\u2069]/g, "");

it("calls events as people call them", () => {
  const words = "whatsapp.order_received came in";
  const said = { form: "{event} came in", with: { event: "whatsapp.order_received" } };
  expect(plain(sentenceInWords({ words, said }, translate))).toBe("“A customer orders” came in");
});

it("says of a step's action that it was done, and its name where no step is shown", () => {
  const words = "contact.add_tags is done";
  const row = { what: "action", words, said: { form: "{action} is done", with: { action: "contact.add_tags" } } };
  expect(momentInWords(row, translate, true)).toBe("done");
  expect(plain(momentInWords(row, translate, false))).toBe("“Add tags” is done");
});

it("leaves what is no name of ours", () => {
  const said = { form: "{event} came in", with: { event: "shop.opened" } };
  expect(sentenceInWords({ words: "shop.opened came in", said }, translate)).toBe("shop.opened came in");
  expect(sentenceInWords({ words: "the time came" }, translate)).toBe("the time came");
});
