import { I18nProvider } from "@lingui/react";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { i18n } from "~/i18n";
import { Time } from "./time";

i18n.load("en", {});
i18n.activate("en");

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

it("is right on a page that is the first with a time after a while", () => {
  vi.useFakeTimers({ now: Date.now() + 3_600_000 });
  render(
    <I18nProvider i18n={i18n}>
      <Time at={new Date(Date.now() - 120_000).toISOString()} />
    </I18nProvider>,
  );
  expect(screen.getByText(/2 min/).textContent).toBe("2 min ago");
});
