"use client";

/** A number, or nothing; says null while the text is not a number. */
import { useState } from "react";
import { cn } from "@/lib/cn";
import { readNumber } from "@/lib/json";
import type { ControlAria } from "./field";
import { Input } from "./input";

type Props<Value> = ControlAria & {
  value: Value | null | undefined;
  onChange: (value: Value | null) => void;
  min?: number;
  max?: number;
  step?: number;
  /** Shown at the right end, e.g. "s". */
  unit?: string;
  placeholder?: string;
  disabled?: boolean;
};

export function NumberInput(props: Props<number>) {
  return <NumericInput {...props} parse={(text) => rounded(readNumber(text))} />;
}

/** For values of people's own: a whole number stays exact however long it is. */
export function ExactNumberInput(props: Props<number | bigint>) {
  return <NumericInput {...props} parse={readNumber} />;
}

function rounded(value: number | bigint | null): number | null {
  return value === null ? null : Number(value);
}

function NumericInput<Value extends number | bigint>({
  value,
  onChange,
  unit,
  parse,
  ...rest
}: Props<Value> & { parse: (text: string) => Value | null }) {
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
