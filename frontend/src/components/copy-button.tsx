"use client";

/** Copies a text and says so with a tick. */
import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { IconButton } from "./icon-button";
import { toast } from "./toast";

const TICK_MS = 1500;

type CopyButtonProps = {
  /** A function where writing it down takes time: it is called by the click. */
  text: string | (() => string);
  label?: string;
  className?: string;
};

export function CopyButton({ text, label = "Copy", className }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);

  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), TICK_MS);
    return () => clearTimeout(timer);
  }, [copied]);

  async function copy() {
    try {
      await navigator.clipboard.writeText(typeof text === "string" ? text : text());
      setCopied(true);
    } catch (error) {
      // Browsers refuse outside HTTPS and localhost.
      toast.error("The browser did not allow copying", error);
    }
  }
  return (
    <IconButton
      label={copied ? "Copied" : label}
      icon={copied ? <Check aria-hidden className="text-completed" /> : <Copy aria-hidden />}
      onClick={copy}
      className={className}
    />
  );
}
