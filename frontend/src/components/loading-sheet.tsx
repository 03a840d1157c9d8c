"use client";

/** A drawer while what it will show is on its way, or could not be had. */
import { ErrorState } from "./error-state";
import { Sheet } from "./sheet";
import { Skeleton } from "./skeleton";

type LoadingSheetProps = {
  title: string;
  error: unknown;
  onRetry: () => void;
  onClose: () => void;
  size?: "md" | "lg";
};

export function LoadingSheet({ title, error, onRetry, onClose, size }: LoadingSheetProps) {
  return (
    <Sheet open onOpenChange={(open) => !open && onClose()} title={title} size={size}>
      {error ? (
        <ErrorState error={error} title="It could not be loaded" onRetry={onRetry} />
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
