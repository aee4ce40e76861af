//! The field with pills, as far as a browser without layout goes.

import { I18nProvider } from "@lingui/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { i18n } from "~/i18n";
import { createEditor, EditorContext } from "../state/editor";
import { PillText, putCaret, textOf } from "./pill-text";

i18n.load("en", {});
i18n.activate("en");

afterEach(cleanup);

function field(value: string, onChange = vi.fn()) {
  const shown = (text: string) => (
    <I18nProvider i18n={i18n}>
      <QueryClientProvider client={new QueryClient()}>
        <EditorContext.Provider value={createEditor("flow: f\n")}>
          <PillText label="Text" value={text} onChange={onChange} path="steps/0" />
        </EditorContext.Provider>
      </QueryClientProvider>
    </I18nProvider>
  );
  const view = render(shown(value));
  return { box: screen.getByRole("textbox"), onChange, update: (text: string) => view.rerender(shown(text)) };
}

it("shows inserted values as pills, and gives back the text that was written", () => {
  const text = 'Hi {{contact.name}}\n{{default event.x "none"}}!';
  const { box } = field(text);
  expect(box.querySelectorAll("[data-code]")).toHaveLength(2);
  expect(textOf(box)).toBe(text);
});

it("keeps what is being typed when the same text comes back", () => {
  const { box, onChange, update } = field("Hi");
  box.textContent = "Hi there";
  fireEvent.input(box);
  expect(onChange).toHaveBeenLastCalledWith("Hi there");
  const typed = box.firstChild;
  update("Hi there");
  expect(box.firstChild).toBe(typed);
});

it("counts a pill as its whole text when the caret is put behind it", () => {
  const { box } = field("a{{contact.name}}b");
  putCaret(box, "a{{contact.name}}".length);
  const range = getSelection()?.getRangeAt(0);
  const before = document.createRange();
  before.setStart(box, 0);
  before.setEnd(range?.endContainer as Node, range?.endOffset ?? 0);
  expect(textOf(before.cloneContents())).toBe("a{{contact.name}}");
});
