/** A failure: what happened, where, and what to do next. */
import { CircleX } from "lucide-react";
import type { ReactNode } from "react";
import { Badge } from "@/components/badge";
import { CodeText } from "@/components/code-text";
import { cn } from "@/lib/cn";
import type { NodeFailure } from "@/lib/events";
import { failureTitle, adviceFor } from "../model/advice";

type FailureProps = {
  error: NodeFailure;
  /** Where it happened, when that is not plain from around it. */
  where?: ReactNode;
  className?: string;
};

export function Failure({ error, where, className }: FailureProps) {
  return (
    <section
      aria-label="What went wrong"
      className={cn("rounded-md border border-failed/40 bg-failed-soft px-3 py-2", className)}
    >
      <h3 className="flex flex-wrap items-center gap-x-2 font-medium">
        <CircleX aria-hidden className="size-4 shrink-0 text-failed" />
        {failureTitle(error)}
        {where}
        <Badge tone="failed" className="ml-auto font-mono">
          {error.kind}: {error.code}
        </Badge>
      </h3>
      <p className="mt-1 break-words whitespace-pre-wrap">
        <CodeText text={error.message} />
      </p>
      <p className="mt-1 text-muted">{adviceFor(error)}</p>
    </section>
  );
}
