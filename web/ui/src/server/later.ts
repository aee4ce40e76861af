//! Words that come after the app: a component asks for them, and tells anew once they are there.

import { useLingui } from "@lingui/react";
import { useCallback, useEffect, useState } from "react";

type Tell<T> = (text: string) => T;

/** What `bring` gives, and `meanwhile` until that is there; a new function when it came or the language changed. */
export function useLater<T>(bring: () => Promise<Tell<T>>, meanwhile: Tell<T>): Tell<T> {
  const { i18n: current } = useLingui();
  const [tell, setTell] = useState<Tell<T> | null>(null);
  useEffect(() => {
    let open = true;
    void bring().then((brought) => open && setTell(() => brought));
    return () => {
      open = false;
    };
  }, [bring]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new language must make a new function.
  return useCallback((text: string) => (tell ?? meanwhile)(text), [tell, meanwhile, current.locale]);
}
