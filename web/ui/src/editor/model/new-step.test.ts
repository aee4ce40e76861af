// @vitest-environment node
import { expect, it } from "vitest";
import { i18n } from "~/i18n";
import type { Catalog } from "../api";
import { fitting, newSteps } from "./new-step";

const action = (name: string) => ({ name, about: "", input: { required: ["subject"], properties: {} } });
const CATALOG = {
  actions: { "crm.create_ticket": action("crm.create_ticket"), "whatsapp.send_text": action("whatsapp.send_text") },
} as unknown as Catalog;

it("gives an id to a step whose answer others need, and to no other", () => {
  const made = (name: string) =>
    newSteps(
      CATALOG,
      (id) => id,
      (english) => english,
    )
      .find(({ id }) => id === name)
      ?.make((wish) => `${wish}_2`);
  expect(made("crm.create_ticket")).toEqual({ id: "ticket_2", do: "crm.create_ticket", with: { subject: "" } });
  expect(made("whatsapp.send_text")).toEqual({ do: "whatsapp.send_text", with: { subject: "" } });
});

it("is found by what people call it who do not know its name", () => {
  i18n.load("en", { "editor.also.wait_for": "reply reminder" });
  i18n.activate("en");
  const all = newSteps(
    CATALOG,
    (id) => i18n._(id),
    (english) => english,
  );
  expect(fitting(all, "reminder").map(({ id }) => id)).toEqual(["wait_for"]);
});
