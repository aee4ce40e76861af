//! A condition is written once it is known what it is about.

import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { i18n } from "~/i18n";
import type { ScopeName } from "../api";
import { createEditor, EditorContext, type EditorStore } from "../state/editor";
import { ConditionField } from "./condition-field";

i18n.load("en", {});
i18n.activate("en");

beforeEach(() => vi.stubGlobal("fetch", () => Promise.reject(new Error("there is no server"))));
afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const NOTHING = 'format: 1\nflow: f\non: manual\nsteps:\n  - if: ""\n    then: []\n';
const TOTAL: ScopeName = { name: "event.order.total", type: "number", note: "", sure: true, from: "event" };

function shown(): EditorStore {
  const store = createEditor(NOTHING);
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  client.setQueryData(["scope", "steps/0/if", NOTHING], { names: [TOTAL] });
  render(
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={client}>
        <EditorContext.Provider value={store}>
          <ConditionField label="Condition" path={["steps", "0", "if"]} required />
        </EditorContext.Provider>
      </QueryClientProvider>
    </I18nProvider>,
  );
  return store;
}

it("writes nothing when the list is closed with nothing chosen", async () => {
  const store = shown();
  await userEvent.click(screen.getByRole("button", { name: "editor.add_condition" }));
  await screen.findByRole("option");
  await userEvent.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByRole("option")).toBeNull());
  expect(store.getState().source.text).toBe(NOTHING);
});

it("begins with what can be asked of the name that was chosen, and goes on there", async () => {
  const store = shown();
  await userEvent.click(screen.getByRole("button", { name: "editor.add_condition" }));
  await userEvent.click(await screen.findByRole("option"));
  expect(store.getState().source.text).toContain('if: "event.order.total > 0"');
  await waitFor(() => expect(document.activeElement?.getAttribute("aria-label")).toBe("editor.choose_data"));
});
