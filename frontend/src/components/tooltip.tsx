"use client";

/** A short hint on hover and focus; never the only place where something is said. */
import { Tooltip as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Kbd } from "./kbd";

export const TooltipProvider = Radix.Provider;

type TooltipProps = {
  label: ReactNode;
  /** Keys of the shortcut, e.g. ["Ctrl", "K"]. */
  keys?: string[];
  side?: "top" | "right" | "bottom" | "left";
  className?: string;
  children: ReactElement;
};

/** Needs a TooltipProvider above (the app has one). */
export function Tooltip({ label, keys, side = "bottom", className, children }: TooltipProps) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className={cn(
            "z-50 flex max-w-72 animate-in items-center gap-2 rounded-md border bg-raised px-2 py-1 text-xs text-text shadow-float duration-100 fade-in-0",
            className,
          )}
        >
          {label}
          {keys && <Kbd keys={keys} />}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
