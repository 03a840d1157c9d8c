"use client";

/** What a page that lists stored things keeps in its address: the search, what is open, what is being made. */
import { useUrlState } from "./url-state";

export function useListUrl() {
  const [params, change] = useUrlState();
  const open = params.get("open");
  const search = params.get("q") ?? "";
  return {
    search,
    /** The id of what is open in a drawer. */
    open,
    show: (id: string) => change({ new: null, open: id }),
    /** The kind of thing that is being made; "1" where there is only one kind. */
    making: params.get("new"),
    make: (kind = "1") => change({ new: kind }),
    close: () => change({ new: null, open: null }),
    /** For the ListPage. */
    bound: {
      search,
      onSearch: (q: string) => change({ q: q || null }),
      rowId: ({ id }: { id: string }) => id,
      openId: open,
      onOpen: ({ id }: { id: string }) => change({ open: id }),
    },
  };
}
