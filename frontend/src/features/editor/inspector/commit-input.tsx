"use client";

/** One line that is taken over when one leaves it or presses Enter: names that others refer to. */
import { useState } from "react";
import type { ControlAria } from "@/components/field";
import { Input } from "@/components/input";

type CommitInputProps = ControlAria & {
  value: string;
  onCommit: (value: string) => void;
  /** Why the text cannot be taken, or null when it can. */
  refuse: (value: string) => string | null;
  placeholder?: string;
};

export function CommitInput({ value, onCommit, refuse, placeholder, ...aria }: CommitInputProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const reason = draft === null ? null : refuse(draft.trim());

  function commit() {
    const next = draft?.trim();
    if (next !== undefined && next !== value && reason === null) onCommit(next);
    setDraft(null);
  }
  return (
    <span className="block">
      <Input
        {...aria}
        mono
        spellCheck={false}
        value={draft ?? value}
        placeholder={placeholder}
        aria-invalid={reason ? true : aria["aria-invalid"]}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === "Enter") commit();
          if (event.key !== "Escape" || draft === null) return;
          event.stopPropagation();
          setDraft(null);
        }}
      />
      {reason && (
        <span role="status" className="mt-1 block text-xs text-failed">
          {reason}
        </span>
      )}
    </span>
  );
}
