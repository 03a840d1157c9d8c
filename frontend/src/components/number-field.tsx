"use client";

/**
 * A number of people's own: a whole one stays exact however long it is. What cannot be read is kept as a draft, so that no
 * form goes out without it. It is a field for text: those for numbers swallow letters, and make 15 of "1,5".
 */
import { useState } from "react";
import { readNumber } from "@/lib/json";
import { useDrafts } from "./drafts";
import type { ControlAria } from "./field";
import { Input } from "./input";

type NumberFieldProps = ControlAria & {
  /** What its draft goes by in the form around it. */
  name: string;
  value: number | bigint | null | undefined;
  onChange: (value: number | bigint | null) => void;
};

export function NumberField({ name, value, onChange, ...aria }: NumberFieldProps) {
  const drafts = useDrafts();
  const [text, setText] = useState(() => drafts.texts[name] ?? write(value));
  const problem = problemOf(text);
  // The text is the person's while it says the same value, and while it cannot be read.
  const shown = problem === null && readNumber(text) !== (value ?? null) ? write(value) : text;

  function change(next: string) {
    setText(next);
    const unreadable = problemOf(next) !== null;
    drafts.keep(name, unreadable ? next : null);
    if (!unreadable) onChange(readNumber(next));
  }
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <Input
        {...aria}
        aria-invalid={problem !== null ? true : aria["aria-invalid"]}
        inputMode="decimal"
        value={shown}
        onChange={(event) => change(event.target.value)}
        className="tabular-nums"
      />
      {problem !== null && (
        <p role="alert" className="text-xs text-failed">
          {problem}
        </p>
      )}
    </div>
  );
}

function write(value: number | bigint | null | undefined): string {
  return value == null ? "" : String(value);
}

function problemOf(text: string): string | null {
  if (text.trim() === "" || readNumber(text) !== null) return null;
  if (/^\s*[+-]?\d+,\d+\s*$/.test(text)) return "Write decimals with a point, such as 1.5.";
  return "This is not a valid number. Enter a whole number of at most 64 bits, or a decimal such as 1.5 or 2e10.";
}
