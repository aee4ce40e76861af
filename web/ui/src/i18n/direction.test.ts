import { expect, it } from "vitest";
import { directionOf } from "./direction";

it("goes by the sentence, not by what is inserted into it", () => {
  expect(directionOf("Hello")).toBe("ltr");
  expect(directionOf("12: مرحبا")).toBe("rtl");
  expect(directionOf("\u2068Mia\u2069 يعدّل هذا التدفق.")).toBe("rtl");
  expect(directionOf("\u2068محمد\u2069 is editing this flow.")).toBe("ltr");
  expect(directionOf("1 + 1")).toBeUndefined();
});
