import { I18nProvider } from "@lingui/react";
import { cleanup, render } from "@testing-library/react";
import { afterEach, beforeAll, expect, it } from "vitest";
import type { JournalRow, Told } from "~/api/types";
import { activate, i18n } from "~/i18n";
import { Did } from "./did";

beforeAll(() => activate("en"));
afterEach(cleanup);

function said(what: Told): string {
  const row = { entries: [{ what }] } as unknown as JournalRow;
  const steps = new Map([["0.then.0", "Add tags"]]);
  const view = render(
    <I18nProvider i18n={i18n}>
      <Did row={row} steps={steps} />
    </I18nProvider>,
  );
  return view.container.textContent ?? "";
}

it("calls steps and events as people call them", () => {
  expect(said({ did: "acted", step: "0.then.0" })).toMatch(/Add tags$/);
  expect(said({ did: "waited", step: "0.then.0", event: "whatsapp.message_received" })).toMatch(
    /Add tags · Message on WhatsApp$/,
  );
  expect(said({ did: "received", event: "whatsapp.order_received" })).toMatch(/Order on WhatsApp$/);
});

it("shows what it has no words for by its own name", () => {
  expect(said({ did: "acted", step: "9" })).toMatch(/ 9$/);
});
