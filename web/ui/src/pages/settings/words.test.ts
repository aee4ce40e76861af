import { expect, it } from "vitest";
import { slug, words } from "./words";

it("splits at the commas of every language of the app", () => {
  expect(words(" returns, b2b ,, returns")).toEqual(["returns", "b2b"]);
  expect(words("إرجاع، شكوى")).toEqual(["إرجاع", "شكوى"]);
  expect(words("退货，投诉、发票")).toEqual(["退货", "投诉", "发票"]);
});

it("makes an id that flows can name", () => {
  expect(slug("Customer Care!")).toBe("customer-care");
  expect(slug("Società & Perché")).toBe("societa-perche");
  expect(slug("Поддержка")).toBe("");
});
