import { queryOptions } from "@tanstack/react-query";
import { del, get, post, put, seg } from "./client";
import { queries } from "./queries";
import type { DuplicateGroup, Merge, MergePreview, TagList, TagRenamed } from "./types";

export const duplicatesQuery = queryOptions({
  queryKey: ["duplicates"],
  queryFn: ({ signal }) =>
    get<{ groups: DuplicateGroup[]; looked: number; more: boolean }>("/duplicates", undefined, signal),
});

export const mergesQuery = queryOptions({
  queryKey: ["merges"],
  queryFn: ({ signal }) => get<{ merges: Merge[] }>("/merges", undefined, signal),
});

/** Two contacts: the one that stays, and the one that becomes a part of it. */
export interface Pair {
  stays: string;
  joins: string;
}

// A pair may come with more than the API takes.
export const mergePreviewQuery = ({ stays, joins }: Pair) =>
  queryOptions({
    queryKey: ["merge-preview", stays, joins],
    queryFn: () => post<MergePreview>("/merges/preview", { stays, joins }),
  });

export const merge = ({ stays, joins }: Pair, theirs: string[]) => post<Merge>("/merges", { stays, joins, theirs });
export const part = (id: string) => post<Merge>(`/merges/${seg(id)}/part`);

/** After a merge or its undoing every list of contacts is another one. */
export async function refreshContacts(): Promise<void> {
  await Promise.all(
    [["contact"], duplicatesQuery.queryKey, mergesQuery.queryKey].map((queryKey) =>
      queries.invalidateQueries({ queryKey }),
    ),
  );
}

const LOOK_MS = 2_000;

/** Asked again and again while a tag gets another name. */
export const tagsQuery = queryOptions({
  queryKey: ["tags"],
  queryFn: ({ signal }) => get<TagList>("/tags", undefined, signal),
  refetchInterval: ({ state }) => state.data?.renamings.some((one) => one.ended_at === null) && LOOK_MS,
});

export interface TagDefinition {
  group: string;
  meaning: string;
  colour: string;
  crm_field: string;
}

export const defineTag = (tag: string, told: TagDefinition) => put<TagList>(`/tags/${seg(tag)}`, told);
export const forgetTag = (tag: string) => del<TagList>(`/tags/${seg(tag)}`);
export const previewRename = (tag: string, to: string) => post<TagRenamed>(`/tags/${seg(tag)}/rename/preview`, { to });
export const renameTag = (tag: string, to: string, documents: string[]) =>
  post<TagRenamed>(`/tags/${seg(tag)}/rename`, { to, documents });
