"use client";

/** The fields of a form that seldom matter, folded away; opens by itself when one of them is wrong. */
import { ChevronRight } from "lucide-react";
import { createContext, use, useId, useState, type ReactNode } from "react";
import { cn } from "@/lib/cn";

/** Set around a form that is only to be read: nothing in it can be pressed, so nothing is folded. */
export const ReadOnlyForm = createContext(false);

type MoreFieldsProps = {
  label?: string;
  /** Something inside needs attention. */
  open?: boolean;
  children: ReactNode;
};

export function MoreFields({ label = "More", open = false, children }: MoreFieldsProps) {
  const id = useId();
  const [unfolded, setUnfolded] = useState(false);
  const readOnly = use(ReadOnlyForm);
  const shown = unfolded || open || readOnly;
  return (
    <div className="flex flex-col gap-4">
      {!readOnly && (
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
      )}
      {/* Kept in the page while folded: its fields stay registered. */}
      <div id={id} hidden={!shown} className={cn(shown && "flex flex-col gap-4")}>
        {children}
      </div>
    </div>
  );
}
