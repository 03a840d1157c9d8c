/** One line of text, and the looks every text control shares. */
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";

/** Border, focus and error looks of everything one can type into or choose from. */
export const controlClass =
  "w-full rounded-md border border-control bg-surface px-2.5 text-sm text-text transition-colors hover:border-muted focus-visible:border-accent-text focus-visible:outline-1 focus-visible:outline-offset-0 disabled:cursor-not-allowed disabled:opacity-60 [&[readonly]]:bg-sunken aria-invalid:border-failed aria-invalid:outline-failed";

type InputProps = ComponentProps<"input"> & {
  /** For ids, expressions and other text where each character counts. */
  mono?: boolean;
};

export function Input({ className, mono, ...rest }: InputProps) {
  return <input {...rest} className={cn(controlClass, "h-8", mono && "font-mono", className)} />;
}
