"use client";

/** A JSON value as text, taken over whenever it can be read; empty means none. */
import { useState } from "react";
import { CodeEditor } from "./code-editor";
import type { ControlAria } from "./field";

type JsonFieldProps = ControlAria & {
  value: unknown;
  onChange: (value: unknown) => void;
  placeholder?: string;
  minHeight?: string;
};

export function JsonField({ value, onChange, placeholder, minHeight, ...aria }: JsonFieldProps) {
  const [text, setText] = useState(() => write(value));
  // The text is the person's while it says the same value, and while it cannot be read.
  const readable = read(text);
  const shown = readable && !same(readable.value, value) ? write(value) : text;

  function change(next: string) {
    setText(next);
    const parsed = read(next);
    if (parsed && !same(parsed.value, value)) onChange(parsed.value);
  }
  return (
    <CodeEditor
      {...aria}
      language="json"
      value={shown}
      onChange={change}
      placeholder={placeholder}
      minHeight={minHeight}
    />
  );
}

function write(value: unknown): string {
  return value === null || value === undefined ? "" : JSON.stringify(value, null, 2);
}

function read(text: string): { value: unknown } | null {
  if (text.trim() === "") return { value: null };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

function same(one: unknown, two: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(two ?? null);
}
