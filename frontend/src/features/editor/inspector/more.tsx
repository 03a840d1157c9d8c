"use client";

/** What matters less, folded away. */
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

export function More({ label = "More", children }: { label?: string; children: ReactNode }) {
  return (
    <details className="group/more">
      <summary className="-mx-1 flex h-7 cursor-pointer list-none items-center gap-1 rounded-sm px-1 text-muted hover:text-text [&::-webkit-details-marker]:hidden">
        <ChevronRight
          aria-hidden
          className="size-3.5 transition-transform group-open/more:rotate-90"
        />
        {label}
      </summary>
      <div className="flex flex-col gap-3 pt-2">{children}</div>
    </details>
  );
}
