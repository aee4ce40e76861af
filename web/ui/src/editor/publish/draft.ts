//! The draft as its publisher is about to see it in force, and whether it may be.

import { useQuery } from "@tanstack/react-query";
import { settingsQuery } from "~/api/settings";
import { type DocumentKind, readDraft } from "../api";

export const draftQuery = (kind: DocumentKind, id: string) => ({
  queryKey: ["draft", "author", kind, id],
  queryFn: () => readDraft(kind, id),
  staleTime: 0,
});

/** Whether drafts need the approval of a second person here. */
export function useApprovalNeeded(): boolean {
  return useQuery(settingsQuery).data?.approval ?? false;
}

/** Whether this draft still lacks it. */
export function useApprovalMissing(kind: DocumentKind, id: string): boolean {
  const needed = useApprovalNeeded();
  const { data: draft } = useQuery({ ...draftQuery(kind, id), enabled: needed });
  const given = draft?.review?.state === "approved" && !draft.review.outdated;
  return needed && !given;
}
