import { expect, it } from "vitest";
import { idOf } from "~/api/flows";
import { place } from "./picture";

it("reads depth and branch of a step from its place in the text", () => {
  expect(place("steps/2")).toEqual({ depth: 0, branch: null, parent: "steps" });
  expect(place("steps/2/then/0")).toEqual({ depth: 1, branch: "then", parent: "steps/2/then" });
  expect(place("steps/2/branches/crm/1/else/0")).toEqual({
    depth: 2,
    branch: "else",
    parent: "steps/2/branches/crm/1/else",
  });
});

it("makes an id that a flow may have of any name", () => {
  expect(idOf("Ordine → ticket (Città)")).toBe("ordine-ticket-citta");
  expect(idOf("48 hours")).toBe("flow-48-hours");
  expect(idOf("Заказ")).toMatch(/^flow-[a-z0-9]+$/);
});
