"use client";

/** The flow's name in the top line, edited in place. */
import { useState } from "react";

type FlowNameProps = { name: string; onRename: (name: string) => void };

export function FlowName({ name, onRename }: FlowNameProps) {
  const [draft, setDraft] = useState<string | null>(null);

  function commit() {
    const next = draft?.trim();
    if (next && next !== name) onRename(next);
    setDraft(null);
  }
  return (
    <input
      aria-label="Flow name"
      value={draft ?? name}
      maxLength={200}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setDraft(null);
      }}
      className="-ml-1.5 field-sizing-content h-7 max-w-80 min-w-16 truncate rounded-md border border-transparent bg-transparent px-1.5 font-medium hover:border-line focus:border-control"
    />
  );
}
