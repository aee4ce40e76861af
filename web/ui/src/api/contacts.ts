import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { del, get, post, seg } from "./client";
import type { Contact, ContactDetail, Json, Paged, TimelineEntry } from "./types";

export interface ContactFilter {
  text?: string;
  tag?: string;
}

const PAGE = 100;

export const contactsQuery = (filter: ContactFilter) =>
  infiniteQueryOptions({
    queryKey: ["contact", "list", filter],
    queryFn: ({ pageParam, signal }) =>
      get<Paged & { contacts: Contact[] }>("/contacts", { ...filter, after: pageParam, limit: PAGE }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

export const contactQuery = (who: string) =>
  queryOptions({
    queryKey: ["contact", "one", who],
    queryFn: ({ signal }) => get<ContactDetail>(`/contacts/${seg(who)}`, undefined, signal),
  });

export const timelineQuery = (who: string) =>
  infiniteQueryOptions({
    queryKey: ["contact", "timeline", who],
    queryFn: ({ pageParam, signal }) =>
      get<Paged & { timeline: TimelineEntry[] }>(
        `/contacts/${seg(who)}/timeline`,
        { after: pageParam, limit: PAGE },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

/** Everything stored about a person, as a file. */
export const personFile = (who: string) => get<Json>(`/people/${seg(who)}`);
export const erasePerson = (who: string) => del(`/people/${seg(who)}`);

/** Given, taken (rules no longer give them), or left to rules again. */
export const changeTags = (who: string, tags: { add?: string[]; remove?: string[]; allow?: string[] }) =>
  post(`/contacts/${seg(who)}/tags`, tags);
