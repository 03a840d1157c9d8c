"use client";

/** A number, or nothing; says null while the text is not a number. */
import { useState } from "react";
import { cn } from "@/lib/cn";
import { readNumber } from "@/lib/json";
import type { ControlAria } from "./field";
import { Input } from "./input";

type Props = ControlAria & {
  value: number | null | undefined;
  onChange: (value: number | null) => void;
  min?: number;
  max?: number;
  step?: number;
  /** Shown at the right end, e.g. "s". */
  unit?: string;
  placeholder?: string;
  disabled?: boolean;
};

/** For settings; what people give to flows goes into a NumberField, which refuses what it cannot keep. */
export function NumberInput({ value, onChange, unit, ...rest }: Props) {
  // The text is kept beside the number: "1." and "-" are steps on the way to one.
  const [text, setText] = useState(value == null ? "" : String(value));
  const shown = parse(text) === (value ?? null) ? text : value == null ? "" : String(value);

  function change(next: string) {
    setText(next);
    onChange(parse(next));
  }
  return (
    <span className="relative block">
      <Input
        {...rest}
        type="number"
        inputMode="decimal"
        step={rest.step ?? "any"}
        value={shown}
        onChange={(event) => change(event.target.value)}
        className={cn(
          "[appearance:textfield] tabular-nums [&::-webkit-inner-spin-button]:appearance-none",
          unit && "pr-9",
        )}
      />
      {unit && (
        <span className="pointer-events-none absolute inset-y-0 right-2.5 flex items-center text-xs text-muted">
          {unit}
        </span>
      )}
    </span>
  );
}

function parse(text: string): number | null {
  const value = readNumber(text);
  return value === null ? null : Number(value);
}
