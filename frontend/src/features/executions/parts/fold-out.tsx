"use client";

/** A line that opens to show more; its content is made only while open. */
import { ChevronRight } from "lucide-react";
import { useState, type ReactNode } from "react";
import { cn } from "@/lib/cn";

type FoldOutProps = {
  head: ReactNode;
  children: ReactNode;
  initial?: boolean;
};

export function FoldOut({ head, children, initial = false }: FoldOutProps) {
  const [open, setOpen] = useState(initial);
  return (
    <div className="border-b last:border-b-0">
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex min-h-8 w-full items-center gap-2 rounded-sm py-1 text-left hover:bg-hover"
      >
        <ChevronRight
          aria-hidden
          className={cn("size-3.5 shrink-0 text-muted transition-transform", open && "rotate-90")}
        />
        {head}
      </button>
      {open && <div className="flex flex-col gap-2 pb-3 pl-5.5">{children}</div>}
    </div>
  );
}
