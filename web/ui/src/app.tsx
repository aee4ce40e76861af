import { i18n } from "@lingui/core";
import { I18nProvider, useLingui } from "@lingui/react";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { I18nProvider as AriaLocale, RouterProvider as AriaRouter } from "react-aria-components";
import { queries } from "./api/queries";
import { isLocale, LOCALES } from "./i18n/locales";
import { router } from "./router";
import { Toasts } from "./ui/toast";

export function App() {
  return (
    <I18nProvider i18n={i18n}>
      <Localised>
        <QueryClientProvider client={queries}>
          <AriaRouter navigate={(href) => router.navigate({ href })}>
            <RouterProvider router={router} />
            <Toasts />
          </AriaRouter>
        </QueryClientProvider>
      </Localised>
    </I18nProvider>
  );
}

/** Components of React Aria speak and mirror in the language chosen. */
function Localised({ children }: { children: ReactNode }) {
  const { i18n: current } = useLingui();
  const locale = isLocale(current.locale) ? current.locale : "en";
  return <AriaLocale locale={LOCALES[locale].aria}>{children}</AriaLocale>;
}
