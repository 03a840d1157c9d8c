"use client";

/** A search box that speaks once typing pauses. */
import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { Input } from "./input";

const PAUSE_MS = 200;

type SearchInputProps = {
  /** Names it for assistive technology and stands in it while it is empty. */
  label: string;
  value: string;
  onChange: (value: string) => void;
};

export function SearchInput({ label, value, onChange }: SearchInputProps) {
  const [text, setText] = useState(value);
  const [sent, setSent] = useState(value);
  const [seen, setSeen] = useState(value);
  // Changed from outside (cleared, gone back): take it over. Our own words coming back are no change.
  if (value !== seen) {
    setSeen(value);
    if (value !== sent) {
      setSent(value);
      setText(value);
    }
  }

  useEffect(() => {
    if (text.trim() === sent) return;
    const timer = setTimeout(() => {
      setSent(text.trim());
      onChange(text.trim());
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, sent, onChange]);

  return (
    <span className="relative block w-64 max-w-full">
      <Search
        aria-hidden
        className="pointer-events-none absolute top-1/2 left-2 size-4 -translate-y-1/2 text-muted"
      />
      <Input
        type="search"
        aria-label={label}
        placeholder={label}
        value={text}
        onChange={(event) => setText(event.target.value)}
        className="h-7 pl-8"
      />
    </span>
  );
}
