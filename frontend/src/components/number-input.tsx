"use client";

/**
 * A number of a setting, or nothing. What is none stays in its field with the reason, and the value from before is used. It
 * is a field for text: those for numbers swallow letters, and give nothing where they cannot read.
 */
import { useState, type KeyboardEvent } from "react";
import { cn } from "@/lib/cn";
import { readNumber } from "@/lib/json";
import type { ControlAria } from "./field";
import { Input } from "./input";

type Props = ControlAria & {
  value: number | null | undefined;
  onChange: (value: number | null) => void;
  min?: number;
  max?: number;
  /** What the arrow keys add and take away. */
  step?: number;
  /** Shown at the right end, e.g. "s". */
  unit?: string;
  placeholder?: string;
  disabled?: boolean;
};

/** For settings; what people give to flows goes into a NumberField, which keeps forms from going out. */
export function NumberInput({ value, onChange, min, max, step = 1, unit, ...rest }: Props) {
  // The text is kept beside the number: "1." and "-" are steps on the way to one.
  const [text, setText] = useState(write(value));
  const read = parse(text);
  const shown = read !== undefined && read !== (value ?? null) ? write(value) : text;
  const problem = read === undefined && "This is not a number. The last valid value is used.";

  function change(next: string) {
    setText(next);
    const now = parse(next);
    if (now !== undefined) onChange(now);
  }
  function stepBy(event: KeyboardEvent) {
    const by = { ArrowUp: step, ArrowDown: -step }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = Number(((value ?? 0) + by).toPrecision(12));
    change(String(Math.min(Math.max(next, min ?? next), max ?? next)));
  }
  return (
    <span className="flex min-w-0 flex-col gap-1">
      <span className="relative block">
        <Input
          {...rest}
          aria-invalid={problem ? true : rest["aria-invalid"]}
          inputMode="decimal"
          value={shown}
          onChange={(event) => change(event.target.value)}
          onKeyDown={stepBy}
          className={cn("tabular-nums", unit && "pr-9")}
        />
        {unit && (
          <span className="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-xs text-muted">
            {unit}
          </span>
        )}
      </span>
      {problem && (
        <span role="alert" className="text-xs text-failed">
          {problem}
        </span>
      )}
    </span>
  );
}

function write(value: number | null | undefined): string {
  return value == null ? "" : String(value);
}

/** Null where nothing stands, undefined where it is no number. */
function parse(text: string): number | null | undefined {
  if (text.trim() === "") return null;
  const value = readNumber(text);
  return value === null ? undefined : Number(value);
}
