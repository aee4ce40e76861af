import { useEffect, useState } from "react";
import { useText } from "~/i18n";

/** By the place of the step: what it does, and with what. */
export type Titles = ReadonlyMap<string, { title: string; detail: string }>;

const NONE: Titles = new Map();

/** Words for the steps of the version that ran; none until its text is there. */
export function useTitles(text: string | undefined): Titles {
  const t = useText();
  const [titles, setTitles] = useState(NONE);
  useEffect(() => {
    if (text === undefined) return;
    let there = true;
    const take = (found: Titles) => there && setTitles(found);
    void import("./titles").then(({ titlesOf }) => titlesOf(text, t)).then(take);
    return () => {
      there = false;
    };
  }, [text, t]);
  return titles;
}
