import { expect, test } from "vitest";
import { kindOf, refusal } from "./attach";

test("a file goes out as what WhatsApp knows it as, and what it does not take is refused with the reason", () => {
  expect(kindOf("image/png")).toBe("image");
  expect(kindOf("audio/ogg; codecs=opus")).toBe("audio");
  expect(kindOf("application/pdf")).toBe("document");
  expect(kindOf("image/svg+xml")).toBeNull();
  expect(refusal({ type: "application/zip", size: 1 })).toEqual({ why: "type" });
  expect(refusal({ type: "image/jpeg", size: 5 * 1024 * 1024 })).toBeNull();
  expect(refusal({ type: "image/jpeg", size: 5 * 1024 * 1024 + 1 })).toEqual({ why: "size", most: 5 * 1024 * 1024 });
});
