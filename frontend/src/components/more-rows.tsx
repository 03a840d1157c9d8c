"use client";

/** Below a list that goes on: one click brings its next page. */
import { Button } from "./button";

type MoreRowsProps = {
  /** What is used of an infinite query. */
  list: {
    hasNextPage: boolean;
    isFetchingNextPage: boolean;
    fetchNextPage: () => Promise<unknown>;
  };
};

export function MoreRows({ list }: MoreRowsProps) {
  if (!list.hasNextPage) return null;
  return (
    <div className="flex justify-center py-3">
      <Button loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
        Load more
      </Button>
    </div>
  );
}
