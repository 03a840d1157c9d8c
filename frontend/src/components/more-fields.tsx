"use client";

/** The fields of a form that seldom matter, folded away; opens by itself when one of them is wrong. */
import { ChevronRight } from "lucide-react";
import { useId, useState, type ReactNode } from "react";
import { cn } from "@/lib/cn";

type MoreFieldsProps = {
  label?: string;
  /** Something inside needs attention. */
  open?: boolean;
  children: ReactNode;
};

export function MoreFields({ label = "More", open = false, children }: MoreFieldsProps) {
  const id = useId();
  const [unfolded, setUnfolded] = useState(false);
  const shown = unfolded || open;
  return (
    <div className="flex flex-col gap-4">
      <button
        type="button"
        aria-expanded={shown}
        aria-controls={id}
        onClick={() => setUnfolded(!shown)}
        className="flex h-7 items-center gap-1 self-start rounded-md pr-2 text-muted hover:text-text"
      >
        <ChevronRight
          aria-hidden
          className={cn("size-4 transition-transform", shown && "rotate-90")}
        />
        {label}
      </button>
      {/* Kept in the page while folded: its fields stay registered. */}
      <div id={id} hidden={!shown} className={cn(shown && "flex flex-col gap-4")}>
        {children}
      </div>
    </div>
  );
}
