"use client";

/** A list of short strings: Enter or a comma adds, Backspace in the empty box removes the last. */
import { X } from "lucide-react";
import { useState, type ClipboardEvent, type KeyboardEvent } from "react";
import { cn } from "@/lib/cn";
import type { ControlAria } from "./field";
import { controlClass } from "./input";

type TagsInputProps = ControlAria & {
  value: string[];
  onChange: (value: string[]) => void;
  placeholder?: string;
  disabled?: boolean;
};

export function TagsInput({ value, onChange, placeholder, disabled, ...aria }: TagsInputProps) {
  const [text, setText] = useState("");

  function add(words: string) {
    const fresh = words.split(/[,\n]/).map((word) => word.trim());
    onChange([...new Set([...value, ...fresh.filter(Boolean)])]);
    setText("");
  }
  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    if ((event.key === "Enter" || event.key === ",") && text.trim()) {
      event.preventDefault();
      add(text);
    } else if (event.key === "Backspace" && text === "" && value.length > 0) {
      onChange(value.slice(0, -1));
    }
  }
  function onPaste(event: ClipboardEvent) {
    const words = event.clipboardData.getData("text");
    if (!/[,\n]/.test(words)) return;
    event.preventDefault();
    add(text + words);
  }
  return (
    <div
      className={cn(
        controlClass,
        "flex min-h-8 flex-wrap items-center gap-1 px-1 py-0.5 focus-within:border-accent-text has-aria-invalid:border-failed",
      )}
    >
      {value.map((tag) => (
        <span
          key={tag}
          className="inline-flex h-6 max-w-full items-center gap-1 rounded-sm bg-hover pl-2 text-sm"
        >
          <span className="truncate">{tag}</span>
          <button
            type="button"
            disabled={disabled}
            aria-label={`Remove ${tag}`}
            onClick={() => onChange(value.filter((other) => other !== tag))}
            className="flex size-6 items-center justify-center rounded-sm text-muted hover:text-text"
          >
            <X aria-hidden className="size-3" />
          </button>
        </span>
      ))}
      <input
        {...aria}
        value={text}
        disabled={disabled}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        onBlur={() => text.trim() && add(text)}
        placeholder={value.length === 0 ? placeholder : undefined}
        className="h-6 min-w-24 flex-1 bg-transparent px-1.5 outline-none"
      />
    </div>
  );
}
