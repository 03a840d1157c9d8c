/** Lists as the API gives them: a page at a time, the next one by its cursor. */
import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

export type Page<Item> = { items: Item[]; next_cursor: string | null };

/** The options of an infinite query over such a list; while a search is typed, the last rows stay. */
export const paged = {
  pageParamName: "cursor",
  // Null is left out of the address; undefined would become openapi-react-query's own first page, 0.
  initialPageParam: null,
  getNextPageParam: (page: { next_cursor: string | null }) => page.next_cursor,
  placeholderData: keepPreviousData,
};

/** What a query asks for; nothing searched means the parameter stays away. */
export function listQuery(search: string) {
  return { params: { query: { limit: 50, q: search || undefined } } };
}

/** Everything in a list, page by page, for pickers. `fetchPage` asks for at most 100 after a cursor. */
export async function listAll<Item>(
  fetchPage: (query: { limit: number; cursor?: string }) => Promise<{ data?: Page<Item> }>,
): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const { data } = await fetchPage({ limit: 100, cursor });
    items.push(...(data?.items ?? []));
    cursor = data?.next_cursor ?? undefined;
  } while (cursor);
  return items;
}

/** After a change, whatever is loaded may be out of date: names and counts appear on many pages. */
export function useRefresh(): () => Promise<void> {
  const client = useQueryClient();
  return useCallback(() => client.invalidateQueries(), [client]);
}
