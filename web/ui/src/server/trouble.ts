//! Why something did not happen, by its code, in the language of the app. What a service itself said stays as it came.

import { addCatalogs, type Catalogs, currentLocale, translate, worded } from "~/i18n";

const TROUBLES: Catalogs = {
  en: () => import("./troubles/en.po"),
  ru: () => import("./troubles/ru.po"),
  ar: () => import("./troubles/ar.po"),
  it: () => import("./troubles/it.po"),
  zh: () => import("./troubles/zh.po"),
};

/** Codes of providers, and those of ours that say the same. Source: Meta, "Cloud API error codes"; Twilio, "Error codes for
 * WhatsApp"; below 600 Meta's own and those of HTTP. */
const CODES: Record<string, string> = {
  access: "0 190 401 20003 auth",
  permission: "3 10 200 403 131005",
  overloaded: "2 502 503 131016 131057 133004 30001 63009 63010 63011 63012 busy",
  provider_failed: "1 500 504 131000 135000 30008",
  too_fast: "4 429 80007 130429 131056 133016 20429 63018",
  used_up: "63038",
  quality: "131048 131064 63026",
  restricted: "368 131031",
  country: "130497 21408",
  wrong_request: "100 400 422 131008 131009 20422 21620 63021",
  not_there: "33 404 410 20404 gone",
  conflict: "409 CONFLICT",
  to_self: "131021",
  undeliverable: "131026 131060 21211 21614 63003 63024",
  not_on_list: "131030 21608 63015",
  display_name: "131037",
  payment: "131042",
  registration:
    "131045 133000 133001 133002 133003 133005 133006 133008 133009 133010 133015 21606 21612 63001 63002 63007 63008 63020",
  window_closed: "131047 63016",
  marketing_limit: "131049 63049",
  opted_out: "131050 21610",
  experiment: "130472 63032",
  blocked_by_us: "130403",
  blocked: "63014 63033",
  kind: "131051 131062",
  media: "131052 131053 63019 63034 bad_media",
  marketing_off: "131063",
  template_values: "132000 132012 132018 21656 63028",
  no_template: "132001 21655 63027",
  too_long: "132005 21617",
  policy: "132007 30007 63005 63013",
  template_off: "132015 132016 63040 63041",
  form_off: "132068 132069",
  terms: "134011 63062",
  identity: "137000",
  timeout: "408 no_answer",
  unreadable_answer: "unreadable bad_output",
  bad_receiver:
    "bad_address bad_channel bad_chat bad_conversation bad_mail channel_not_found no_receivers not_in_channel",
  damaged: "bad_plan",
  expression: "script_failed script_syntax template_failed template_syntax",
  too_much_work: "script_limit script_too_long template_limit template_too_long",
};
const OF = new Map(Object.entries(CODES).flatMap(([id, codes]) => codes.split(" ").map((code) => [code, id])));

/** Codes of ours whose English words say what the code says, and no more. */
const ALIKE = new Set(
  "expired nobody_answered human_talking interrupted given_up connector_panicked may_have_happened window_closed".split(
    " ",
  ),
);

export interface Trouble {
  code: string;
  /** What it means, in the language of the app; nothing when the code is not known. */
  words: string | null;
  /** What was said beside the code, as it came. */
  original: string;
}

/** Parts of a text as the server keeps it: `131047: Re-engagement message`, `131026 Undeliverable`, `503 (status 503)`, a code
 * alone. A text that begins with no code is all original. */
export function troubleOf(text: string): Trouble {
  const [, code, original] = /^([A-Za-z0-9_]+)(?: \(status \d+\))?(?:: ?| |$)(.*)$/s.exec(text) ?? [];
  if (code === undefined || (original !== "" && !/^\d+$/.test(code) && !text.startsWith(`${code}:`)))
    return { code: "", words: null, original: text };
  const id = `trouble.${OF.get(code) ?? code}`;
  const words = worded(id) ? translate(id) : null;
  if (words === null || !original || /^\d+$/.test(code)) return { code, words, original: original ?? "" };
  // Our own words are English: whoever reads English needs no others.
  if (currentLocale() === "en") return { code, words: original, original: "" };
  return { code, words, original: ALIKE.has(code) ? "" : original };
}

/** Brings the texts. */
export const addTroubles = () => addCatalogs(TROUBLES);
