"use client";

/** A drawer of something stored: itself, or a drawer while it is on its way or could not be had. */
import type { ReactNode } from "react";
import { ErrorState } from "./error-state";
import { Sheet } from "./sheet";
import { Skeleton } from "./skeleton";

type StoredSheetProps<Data> = {
  /** What kind of thing it is, until its name is known. */
  title: string;
  /** What is used of the query for it. */
  query: { data: Data | undefined; error: unknown; refetch: () => Promise<unknown> };
  onClose: () => void;
  size?: "md" | "lg";
  /** Draws the drawer of what was found. */
  children: (data: Data) => ReactNode;
};

export function StoredSheet<Data>(props: StoredSheetProps<Data>) {
  const { title, query, onClose, size, children } = props;
  const { data, error, refetch } = query;
  if (data !== undefined) return children(data);
  return (
    <Sheet open onOpenChange={(open) => !open && onClose()} title={title} size={size}>
      {error ? (
        <ErrorState
          error={error}
          title={`The ${title.toLowerCase()} could not be loaded`}
          onRetry={() => void refetch()}
        />
      ) : (
        <div role="status" className="flex flex-col gap-4">
          <span className="sr-only">Loading</span>
          {Array.from({ length: 5 }, (_, index) => (
            <div key={index} className="flex flex-col gap-1">
              <Skeleton className="h-5 w-24" />
              <Skeleton className="h-8 rounded-md" />
            </div>
          ))}
        </div>
      )}
    </Sheet>
  );
}
