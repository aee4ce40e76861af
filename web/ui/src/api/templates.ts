import { queryOptions } from "@tanstack/react-query";
import { get } from "./client";

/** A template as an account has it approved, in one language. */
export interface AccountTemplate {
  connection: string;
  name: string;
  language: string;
  category: string;
  /** Its text, with `{{…}}` where values go. */
  body: string;
  /** The names of these values, in order. */
  params: string[];
}

export interface AccountTemplates {
  templates: AccountTemplate[];
  /** Connections that did not tell theirs. */
  silent: string[];
}

/** All templates of all accounts; the providers are asked, so it is kept for a while. */
export const accountTemplatesQuery = queryOptions({
  queryKey: ["templates"],
  queryFn: ({ signal }) => get<AccountTemplates>("/templates", undefined, signal),
  staleTime: 300_000,
});
