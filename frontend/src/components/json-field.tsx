"use client";

/** A JSON value as text, taken over whenever it can be read; empty means none. What cannot be read yet is kept as a draft. */
import { useState } from "react";
import { madeWhole, notJson, parseJson, sameJson, writeJson } from "@/lib/json";
import { CodeEditor } from "./code-editor";
import { useDrafts } from "./drafts";
import type { ControlAria } from "./field";

type JsonFieldProps = ControlAria & {
  /** What its draft goes by in the form around it. */
  name: string;
  value: unknown;
  onChange: (value: unknown) => void;
  placeholder?: string;
  minHeight?: string;
};

export function JsonField({
  name,
  value,
  onChange,
  placeholder,
  minHeight,
  ...aria
}: JsonFieldProps) {
  const drafts = useDrafts();
  const [text, setText] = useState(() => drafts.texts[name] ?? write(value));
  const own = read(text);
  const whole = "value" in own ? madeWhole(text) : null;
  // The text is the person's while it says the same value, and while it cannot be read.
  const shown = "value" in own && !sameJson(own.value, value) ? write(value) : text;

  function change(next: string) {
    setText(next);
    const now = read(next);
    drafts.keep(name, "value" in now ? null : next);
    if ("value" in now && !sameJson(now.value, value)) onChange(now.value);
  }
  return (
    <div className="flex min-w-0 flex-col gap-1">
      <CodeEditor
        {...aria}
        aria-invalid={"problem" in own ? true : aria["aria-invalid"]}
        language="json"
        value={shown}
        onChange={change}
        placeholder={placeholder}
        minHeight={minHeight}
      />
      {"problem" in own && (
        <p role="alert" className="text-xs text-failed">
          {own.problem} Until you correct it, the last valid value is used.
        </p>
      )}
      {whole !== null && shown === text && (
        <p role="status" className="text-xs text-waiting">
          {whole} is stored as the whole number {writeJson(parseJson(whole))}.
        </p>
      )}
    </div>
  );
}

function write(value: unknown): string {
  return value === null || value === undefined ? "" : writeJson(value, 2);
}

function read(text: string): { value: unknown } | { problem: string } {
  if (text.trim() === "") return { value: null };
  try {
    return { value: parseJson(text) };
  } catch (error) {
    return { problem: notJson(error) };
  }
}
