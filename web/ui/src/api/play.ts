import { queryOptions } from "@tanstack/react-query";
import { get, post } from "./client";
import type { ChatMessage } from "./types";

export interface Played {
  what: "message" | "order" | "tap" | "read";
  from?: string;
  name?: string;
  text?: string;
  order?: { items: { sku: string; quantity: number; price: number; currency: string }[] };
}

/** A customer of the sandbox does something. */
export const play = (played: Played) => post("/play", played);

export const chatQuery = (from: string) =>
  queryOptions({
    queryKey: ["chat", from],
    queryFn: ({ signal }) => get<{ messages: ChatMessage[] }>("/play/chat", { from }, signal),
    select: ({ messages }) => messages,
    refetchInterval: 2_000,
  });
