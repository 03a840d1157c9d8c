"use client";

/** Filters as chips: one of each group, pressed again to take it off. */
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

type Chip<Value extends string> = { value: Value; label: string; icon?: ReactNode };

type FilterChipsProps<Value extends string> = {
  /** Names the group for assistive technology, e.g. "Status". */
  label: string;
  chips: Chip<Value>[];
  value: Value | null;
  onChange: (value: Value | null) => void;
};

export function FilterChips<Value extends string>(props: FilterChipsProps<Value>) {
  const { label, chips, value, onChange } = props;
  return (
    <div role="group" aria-label={label} className="flex flex-wrap gap-1">
      {chips.map((chip) => {
        const on = chip.value === value;
        return (
          <button
            key={chip.value}
            type="button"
            aria-pressed={on}
            onClick={() => onChange(on ? null : chip.value)}
            className={cn(
              "inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-muted transition-colors hover:bg-hover hover:text-text [&_svg]:size-3.5",
              on && "border-accent-text bg-accent-soft text-accent-text hover:bg-accent-soft",
            )}
          >
            {chip.icon}
            {chip.label}
            {on && <X aria-hidden />}
          </button>
        );
      })}
    </div>
  );
}
