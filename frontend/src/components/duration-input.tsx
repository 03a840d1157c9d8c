"use client";

/** A length of time as a number and a unit; says seconds, or null for none. */
import { useState } from "react";
import type { ControlAria } from "./field";
import { NumberInput } from "./number-input";
import { Select } from "./select";

type DurationInputProps = ControlAria & {
  /** Seconds. */
  value: number | null | undefined;
  onChange: (seconds: number | null) => void;
  placeholder?: string;
  disabled?: boolean;
};

const units = [
  { value: "1", label: "seconds" },
  { value: "60", label: "minutes" },
  { value: "3600", label: "hours" },
  { value: "86400", label: "days" },
];

export function DurationInput({ value, onChange, ...rest }: DurationInputProps) {
  const [chosen, setChosen] = useState<string | null>(null);
  const unit = chosen ?? unitOf(value);
  const size = Number(unit);
  return (
    <span className="grid grid-cols-[1fr_7rem] gap-2">
      <NumberInput
        {...rest}
        min={0}
        value={value == null ? null : value / size}
        onChange={(count) => {
          // Typing does not change the unit under one's hands.
          setChosen(unit);
          onChange(count === null ? null : count * size);
        }}
      />
      <Select
        aria-label="Unit of time"
        options={units}
        value={unit}
        disabled={rest.disabled}
        onChange={(next) => {
          setChosen(next);
          if (value != null) onChange((value / size) * Number(next));
        }}
      />
    </span>
  );
}

/** The largest unit that leaves a whole number. */
function unitOf(seconds: number | null | undefined): string {
  if (!seconds) return "1";
  return units.findLast(({ value }) => seconds % Number(value) === 0)?.value ?? "1";
}
