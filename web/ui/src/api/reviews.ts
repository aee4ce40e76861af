import { queryOptions } from "@tanstack/react-query";
import { get } from "./client";
import type { Review } from "./types";

/** An approval that somebody asked for, as it concerns whoever reads this. */
export interface ListedReview {
  id: string;
  kind: "flow" | "rules" | "calendar" | "segment";
  name: string;
  /** Theirs to answer; asked or written by them; answered to them. */
  yours: "answer" | "wait" | "hear";
  /** Whether it waits for them. */
  waits: boolean;
  review: Review;
}

/** What waits for a second person, and the answers of the last week to whoever asked. */
export const reviewsQuery = queryOptions({
  queryKey: ["reviews"],
  queryFn: ({ signal }) => get<{ reviews: ListedReview[]; waiting: number }>("/reviews", undefined, signal),
  staleTime: 30_000,
});
