"use client";

/** The body of a page that lists things: search above, rows below, and what to say without any. */
import { SearchX } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Button } from "./button";
import { EmptyState } from "./empty-state";
import { ErrorState } from "./error-state";
import { MoreRows } from "./more-rows";
import { SearchInput } from "./search-input";
import { SkeletonRows } from "./skeleton";
import { Table } from "./table";

/** What is used of an infinite query over pages of items. */
type Listing<Row> = {
  data: { pages: { items: Row[] }[] } | undefined;
  error: unknown;
  refetch: () => Promise<unknown>;
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => Promise<unknown>;
};

type ListPageProps<Row> = Omit<ComponentProps<typeof Table<Row>>, "rows"> & {
  list: Listing<Row>;
  /** In the plural and lower case, e.g. "agents". */
  noun: string;
  search: string;
  onSearch: (search: string) => void;
  /** Behind the search. */
  filters?: ReactNode;
  /** Few columns beside something else: they fit without scrolling sideways. */
  narrow?: boolean;
  /** Shown while there is nothing at all. */
  empty: ReactNode;
};

export function ListPage<Row>(props: ListPageProps<Row>) {
  const { list, noun, search, onSearch, filters, narrow, empty, ...table } = props;
  return (
    <div className="flex h-full flex-col">
      <h1 className="sr-only">{table.label}</h1>
      <div className="flex shrink-0 flex-wrap items-center gap-2 border-b px-4 py-2">
        <SearchInput label={`Search ${noun}`} value={search} onChange={onSearch} />
        {filters}
      </div>
      <Rows {...{ list, noun, search, onSearch, narrow, empty, table }} />
    </div>
  );
}

type RowsProps<Row> = Pick<
  ListPageProps<Row>,
  "list" | "noun" | "search" | "onSearch" | "narrow" | "empty"
> & { table: Omit<ComponentProps<typeof Table<Row>>, "rows"> };

function Rows<Row>({ list, noun, search, onSearch, narrow, empty, table }: RowsProps<Row>) {
  if (list.error && !list.data) {
    return (
      <ErrorState
        error={list.error}
        title={`The ${noun} could not be loaded`}
        onRetry={() => void list.refetch()}
      />
    );
  }
  if (!list.data) return <SkeletonRows rows={8} />;
  const rows = list.data.pages.flatMap((page) => page.items);
  if (rows.length === 0 && !search) return empty;
  if (rows.length === 0) {
    return (
      <EmptyState
        icon={<SearchX />}
        title={`No ${noun} match`}
        description={`No name contains “${search}”.`}
        action={<Button onClick={() => onSearch("")}>Show all {noun}</Button>}
      />
    );
  }
  return (
    <div className="min-h-0 flex-1 overflow-auto">
      {/* Below this width it scrolls sideways: the column without a width would vanish. On a phone there are few columns. */}
      <div className={narrow ? undefined : "sm:min-w-180"}>
        <Table {...table} rows={rows} />
      </div>
      <MoreRows list={list} />
    </div>
  );
}
