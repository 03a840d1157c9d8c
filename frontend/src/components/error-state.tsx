"use client";

/** A request that failed, in the place of what it should have shown. */
import { RotateCw, TriangleAlert } from "lucide-react";
import { isLasting, toApiError } from "@/lib/api/error";
import { cn } from "@/lib/cn";
import { Button } from "./button";
import { CopyButton } from "./copy-button";

type ErrorStateProps = {
  error: unknown;
  /** What did not work, e.g. "The flows could not be loaded". */
  title?: string;
  /** Offered only where asking again may bring something else. */
  onRetry?: () => void;
  className?: string;
};

export function ErrorState({ error, title, onRetry, className }: ErrorStateProps) {
  const problem = toApiError(error);
  return (
    <div
      role="alert"
      className={cn("flex flex-col items-center justify-center px-6 py-16 text-center", className)}
    >
      <TriangleAlert aria-hidden className="mb-3 size-6 stroke-[1.5] text-failed" />
      <h2 className="text-base font-semibold">{title ?? problem.title}</h2>
      <p className="mt-1 max-w-120 break-words text-muted">
        {problem.detail || (title ? problem.title : "")}
      </p>
      {problem.requestId && (
        <p className="mt-2 flex items-center gap-1 font-mono text-xs text-muted">
          request {problem.requestId}
          <CopyButton text={problem.requestId} label="Copy request id" />
        </p>
      )}
      {onRetry && !isLasting(problem) && (
        <Button onClick={onRetry} className="mt-4">
          <RotateCw aria-hidden />
          Try again
        </Button>
      )}
    </div>
  );
}
