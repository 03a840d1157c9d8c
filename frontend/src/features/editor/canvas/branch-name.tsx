"use client";

/** Which branch an edge is, above its middle and as large as ever: from afar the words at the port are too small. */
import { useStore } from "@xyflow/react";
import { cn } from "@/lib/cn";
import type { EdgeState } from "../model/overlay";

/** `x` and `y` are canvas pixels. */
export type BranchNameProps = { name: string; state: EdgeState; x: number; y: number };

export function BranchName({ name, state, x, y }: BranchNameProps) {
  const zoom = useStore(({ transform }) => transform[2]);
  return (
    <span
      dir="auto"
      style={{
        transform: `translate(${x}px, ${y}px) scale(${1 / zoom}) translate(-50%, calc(-100% - 5px))`,
        transformOrigin: "0 0",
      }}
      className={cn(
        "pointer-events-none absolute top-0 left-0 z-10 max-w-28 truncate rounded-sm border bg-surface px-1 text-[0.6875rem]/4",
        state === "taken" && "border-completed text-completed",
        state === "flowing" && "border-running text-running",
        state === "idle" && "text-muted",
      )}
    >
      {name}
    </span>
  );
}
