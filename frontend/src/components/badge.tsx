/** A small word beside a thing: its kind, version or count. */
import { cva, type VariantProps } from "class-variance-authority";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

const badge = cva(
  "inline-flex h-5 shrink-0 items-center gap-1 rounded-sm px-1.5 align-middle text-xs font-medium whitespace-nowrap [&_svg]:size-3.5 [&_svg]:shrink-0",
  {
    variants: {
      tone: {
        neutral: "bg-idle-soft text-idle",
        accent: "bg-accent-soft text-accent-text",
        running: "bg-running-soft text-running",
        waiting: "bg-waiting-soft text-waiting",
        completed: "bg-completed-soft text-completed",
        failed: "bg-failed-soft text-failed",
      },
    },
    defaultVariants: { tone: "neutral" },
  },
);

type BadgeProps = VariantProps<typeof badge> & { children: ReactNode; className?: string };

export function Badge({ tone, children, className }: BadgeProps) {
  return <span className={cn(badge({ tone }), className)}>{children}</span>;
}
