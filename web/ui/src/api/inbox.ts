import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { del, get, post, put, seg, upload } from "./client";
import type { Person } from "./desk";
import { queries } from "./queries";
import type { MessageOrder, Paged, RunStatus, Time } from "./types";

export const BOXES = ["mine", "unassigned", "all", "closed", "mentions"] as const;
export type Box = (typeof BOXES)[number];
export type Priority = "low" | "medium" | "high";
/** How far a message of ours got; `received` is one of theirs. */
export type MessageStatus = "sending" | "accepted" | "sent" | "delivered" | "read" | "played" | "failed" | "received";

export interface Bot {
  state: "working" | "paused" | "none";
  until: Time | null;
  run: string | null;
  flow: string | null;
  flow_name?: string | null;
}

export interface Chat {
  id: string;
  contact: {
    id: string;
    name: string | null;
    phone: string | null;
    language: string | null;
    priority: Priority | null;
    tags: string[];
    order_status: string | null;
  };
  channel: string;
  connection: string;
  state: "open" | "closed";
  assignee: Person | null;
  team: string | null;
  unread: number;
  last_message: {
    direction: "in" | "out" | "note";
    by: By;
    text: string | null;
    type: string;
    at: Time;
    status: MessageStatus | null;
  } | null;
  window_closes_at: Time | null;
  escalation: string | null;
  bot: Bot;
  session: { opened_at: Time | null; messages: number } | null;
  rev: number | string;
}

export interface ChatDetail extends Chat {
  runs: { id: string; flow: string; status: RunStatus }[];
  held: { run: string; flow: string; text: string | null; template: string | null; expires_at: Time | null }[];
  others: Person[];
  typing: Person[];
  /** How many of its notes name me and are new to me. */
  mentions: number;
}

/** A note that names me. */
export interface Mention {
  id: string;
  at: Time;
  by: Person | null;
  text: string;
  new: boolean;
  conversation: string;
  contact: { id: string; name: string | null; phone: string | null };
}

export type By = "customer" | "flow" | "agent" | "app" | "system";

export interface Said {
  id: string;
  at: Time;
  direction: "in" | "out" | "note";
  by: By;
  agent: Person | null;
  flow: string | null;
  flow_name?: string | null;
  run: string | null;
  type: string;
  text: string | null;
  order?: MessageOrder | null;
  media: { id: string; kind: string; name: string | null; size: number | null } | null;
  quote: { id: string | null; text: string | null } | null;
  reactions: { by: string; emoji: string }[];
  buttons: string[];
  template: string | null;
  status: MessageStatus | null;
  status_at: Time | null;
  error: { code: string; words: string | null } | null;
  mentions: Person[];
}

export interface ChatFilter {
  box: Box;
  text?: string;
  tag?: string;
  team?: string;
  agent?: string;
}

export interface Counts {
  mine: number;
  unassigned: number;
  all: number;
  /** New ones. */
  mentions: number;
}

const LIST = 40;
export const MESSAGES = 40;

export const chatsQuery = (filter: ChatFilter) =>
  infiniteQueryOptions({
    queryKey: ["inbox", "list", filter],
    queryFn: ({ pageParam, signal }) =>
      get<Paged & { conversations: Chat[]; counts: Counts }>(
        "/conversations",
        { ...filter, after: pageParam, limit: LIST },
        signal,
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next ?? null,
  });

/** Notes that name me, new ones first. */
export const mentionsQuery = infiniteQueryOptions({
  queryKey: ["inbox", "mentions"],
  queryFn: ({ pageParam, signal }) =>
    get<Paged & { mentions: Mention[] }>("/mentions", { after: pageParam, limit: LIST }, signal),
  initialPageParam: null as string | null,
  getNextPageParam: (page) => page.next ?? null,
});

export const chatQuery = (id: string) =>
  queryOptions({
    queryKey: ["inbox", "one", id],
    queryFn: ({ signal }) => get<ChatDetail>(`/conversations/${seg(id)}`, undefined, signal),
    // Who asked in the last minute counts as looking.
    refetchInterval: 40_000,
  });

/** The messages of a conversation up to `before`, the oldest last in time coming first in the list. */
export const readMessages = (id: string, before: string | null, signal?: AbortSignal) =>
  get<Paged & { messages: Said[] }>(`/conversations/${seg(id)}/messages`, { before, limit: MESSAGES }, signal);

export interface ToTemplate {
  name: string;
  language: string;
  /** By name or number. */
  params: Record<string, string>;
}

export interface ToSend {
  /** Ours: a repeat with the same key is the same message. */
  key: string;
  text?: string;
  template?: ToTemplate;
  /** One that was taken, and the words under it. */
  file?: { file: string; caption?: string };
  quote?: string;
}

const at = (id: string) => `/conversations/${seg(id)}`;

export const sendMessage = (id: string, message: ToSend) => post<{ message: Said }>(`${at(id)}/messages`, message);
/** Takes a file to the provider; a message names it by what comes back. */
export const uploadFile = (id: string, file: File, onProgress: (part: number) => void) =>
  upload<{ file: string }>(`${at(id)}/files`, { name: file.name }, file, onProgress);
export const resendMessage = (id: string, message: string) => post(`${at(id)}/messages/${seg(message)}/resend`, {});
export const markRead = (id: string) => post(`${at(id)}/read`, {});
export const tellTyping = (id: string) => post(`${at(id)}/typing`, {});

/** Writes what the server answers where the page reads it, and has lists read anew. */
async function changed(id: string, answer: Promise<Chat>): Promise<Chat> {
  const chat = await answer;
  queries.setQueryData<ChatDetail>(["inbox", "one", id], (old) => old && { ...old, ...chat });
  void queries.invalidateQueries({ queryKey: ["inbox"] });
  return chat;
}

const act = (id: string, what: string, body: unknown = {}) => changed(id, post<Chat>(`${at(id)}/${what}`, body));
const set = (id: string, what: string, body: unknown) => changed(id, put<Chat>(`${at(id)}/${what}`, body));

export const addNote = (id: string, text: string, mentions: string[]) => act(id, "notes", { text, mentions });
/** I have looked at the notes that name me. */
export const seeMentions = (id: string) => act(id, "mentions/read");
export const assign = (id: string, to: { agent: string | null; team: string | null }) => set(id, "assignee", to);
export const closeChat = (id: string, ask: boolean) => act(id, "close", { ask_satisfaction: ask });
export const reopenChat = (id: string) => act(id, "reopen");
export const steerBot = (id: string, what: "continue" | "end" | "pause", run?: string) =>
  act(id, "bot", { do: what, run });
export const startFlow = (id: string, flow: string) => act(id, "flow", { flow });
export const makeTicket = (id: string, subject: string, text: string) => act(id, "ticket", { subject, text });
export const setOrderStatus = (id: string, status: string) => set(id, "order-status", { status });
export const setPriority = (id: string, priority: Priority) => set(id, "priority", { priority });

export interface Template {
  name: string;
  language: string;
  category: string | null;
  body: string;
  params: string[];
}

export const templatesQuery = (id: string) =>
  queryOptions({
    queryKey: ["templates", id],
    queryFn: ({ signal }) => get<{ templates: Template[] }>(`${at(id)}/templates`, undefined, signal),
    select: ({ templates }) => templates,
    staleTime: 300_000,
  });

/** Flows a person may start by hand; an older server does not say. */
export const startableQuery = (id: string) =>
  queryOptions({
    queryKey: ["startable", id],
    queryFn: ({ signal }) =>
      get<{ flows: { id: string; name: string | null }[] }>(`${at(id)}/flows`, undefined, signal),
    select: ({ flows }) => flows,
    staleTime: 300_000,
    retry: false,
  });

export interface Snippet {
  id: string;
  title: string;
  shortcut: string;
  /** By language. */
  texts: Record<string, string>;
  /** Nothing for one that is not there yet. */
  revision?: string;
}

export const snippetsQuery = queryOptions({
  queryKey: ["snippets"],
  queryFn: ({ signal }) => get<{ snippets: Snippet[] }>("/snippets", undefined, signal),
  select: ({ snippets }) => snippets,
  staleTime: 60_000,
});

const renewSnippets = <T>(answer: Promise<T>) =>
  answer.finally(() => queries.invalidateQueries({ queryKey: ["snippets"] }));
export const saveSnippet = ({ id, revision, ...snippet }: Snippet) =>
  renewSnippets(put(`/snippets/${seg(id)}`, snippet, revision ?? "0"));
export const removeSnippet = ({ id, revision }: Snippet) =>
  renewSnippets(del(`/snippets/${seg(id)}`, undefined, revision));

export const mediaUrl = (id: string) => `/api/v1/media/${seg(id)}`;
