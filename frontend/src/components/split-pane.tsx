"use client";

/** Two panes with a handle between them; the size of the second one is remembered. */
import {
  useState,
  type CSSProperties,
  type KeyboardEvent,
  type PointerEvent,
  type ReactNode,
} from "react";
import { cn } from "@/lib/cn";
import { useStored } from "@/lib/stored";

const KEY_STEP = 16;

type SplitPaneProps = {
  /** Takes the rest of the space. */
  children: ReactNode;
  /** The pane that is sized: at the right (horizontal) or at the bottom (vertical); null hides it. */
  side: ReactNode;
  direction?: "horizontal" | "vertical";
  /** Where there is no room side by side: the second pane stands below the first, or lies over it. */
  narrow?: "stack" | "cover";
  /** Under which name the size is remembered. */
  name: string;
  /** Pixels. */
  initial: number;
  min?: number;
  max?: number;
};

export function SplitPane(props: SplitPaneProps) {
  const { children, side, direction = "horizontal", narrow = "stack" } = props;
  const { name, initial, min = 160, max = 900 } = props;
  const [stored, setSize] = useStored(`split.${name}`, initial);
  const [drag, setDrag] = useState<{ at: number; size: number } | null>(null);
  const size = clamp(stored, min, max);
  const row = direction === "horizontal";

  function onPointerDown(event: PointerEvent) {
    event.currentTarget.setPointerCapture(event.pointerId);
    setDrag({ at: row ? event.clientX : event.clientY, size });
  }
  function onPointerMove(event: PointerEvent) {
    if (drag) setSize(clamp(drag.size + drag.at - (row ? event.clientX : event.clientY), min, max));
  }
  function onKeyDown(event: KeyboardEvent) {
    const steps = { ArrowLeft: 1, ArrowUp: 1, ArrowRight: -1, ArrowDown: -1 };
    const step = steps[event.key as keyof typeof steps];
    if (step === undefined) return;
    event.preventDefault();
    setSize(clamp(size + step * KEY_STEP, min, max));
  }
  return (
    <div
      className={cn(
        "relative flex size-full min-h-0 min-w-0",
        row ? "flex-row" : "flex-col",
        row && "max-md:flex-col max-md:overflow-y-auto",
      )}
    >
      <div
        className={cn(
          "relative min-h-0 min-w-0 flex-1",
          row && narrow === "stack" && side && "max-md:h-[80vh] max-md:flex-none",
        )}
      >
        {children}
      </div>
      {side && (
        <div
          role="separator"
          tabIndex={0}
          aria-label="Resize"
          aria-orientation={row ? "vertical" : "horizontal"}
          aria-valuenow={size}
          aria-valuemin={min}
          aria-valuemax={max}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={() => setDrag(null)}
          onPointerCancel={() => setDrag(null)}
          onKeyDown={onKeyDown}
          className={cn(
            "relative shrink-0 touch-none bg-line transition-colors after:absolute hover:bg-accent-text",
            row
              ? "w-px cursor-col-resize after:-inset-x-1 after:inset-y-0 max-md:hidden"
              : "h-px cursor-row-resize after:inset-x-0 after:-inset-y-1",
          )}
        />
      )}
      {side && (
        <div
          style={{ "--size": `${size}px` } as CSSProperties}
          className={cn(
            "min-h-0 min-w-0 shrink-0",
            row
              ? "w-(--size) max-w-[55%] max-md:w-full max-md:max-w-none"
              : "h-(--size) max-h-[70%]",
            row &&
              narrow === "cover" &&
              "max-md:absolute max-md:inset-0 max-md:z-20 max-md:bg-surface",
          )}
        >
          {side}
        </div>
      )}
    </div>
  );
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value));
}
