import { beforeAll, expect, it } from "vitest";
import { activate, addCatalogs, translate } from "~/i18n";
import { labelInWords } from "./cards";

beforeAll(async () => {
  await activate("en");
  const english = () => import("../locales/en.po");
  await addCatalogs({ en: english, ru: english, ar: english, it: english, zh: english });
});

it("tells a step that has no name by what it does", () => {
  expect(labelInWords("wait 2d", "wait", translate)).toBe("Wait 2 days");
  expect(labelInWords("crm.create_ticket", "do", translate)).toBe("Create a ticket in the CRM");
});

it("leaves names as their authors wrote them", () => {
  expect(labelInWords("wait 2d", "if", translate)).toBe("wait 2d");
  expect(labelInWords("Ask for the size", "ask", translate)).toBe("Ask for the size");
});
