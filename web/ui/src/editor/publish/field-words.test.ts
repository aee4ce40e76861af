import { beforeAll, expect, it } from "vitest";
import { activate, translate as t } from "~/i18n";
import { addEditorTexts } from "../texts";
import { changedField, changedValue } from "./field-words";

beforeAll(async () => {
  await activate("en");
  await addEditorTexts();
});

it("calls fields as their forms do", () => {
  expect(changedField("with/tags", t)).toBe("Tags");
  expect(changedField("with/params/order", t)).toBe("Variables of the template · order");
  expect(changedField("timeout", t)).toBe("Wait at most");
  expect(changedField("repeat/until", t)).toBe("Until");
  expect(changedField("set/size", t)).toBe("Values · size");
  expect(changedField("whatsapp.message_received/keywords", t)).toBe("Words to look for");
  expect(changedField("with/sales_region", t)).toBe("Sales region");
});

it("shows values as people write them", () => {
  expect(changedValue("with/tags", ["lead", "vip"], t)).toBe("lead, vip");
  expect(changedValue("choices", [{ id: "yes", title: "Yes, please" }], t)).toBe("yes · Yes, please");
  expect(changedValue("with/text", undefined, t)).toBe("–");
  expect(changedValue("take", true, t)).toBe("yes");
  expect(changedValue("timeout", "48h", t)).toBe("48 hrs");
  expect(changedValue("do", "contact.add_tags", t)).toBe("Add tags");
  expect(changedValue("with/text", "Hi {{contact.name}}", t)).toContain("Contact: name");
  expect(changedValue("if", 'contact.language == "it"', t)).not.toContain("==");
});
