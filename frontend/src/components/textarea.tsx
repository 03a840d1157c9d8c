/** Several lines of text; grows with its content. */
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";
import { controlClass } from "./input";

export function Textarea({
  className,
  mono,
  ...rest
}: ComponentProps<"textarea"> & { mono?: boolean }) {
  return (
    <textarea
      rows={3}
      {...rest}
      className={cn(
        controlClass,
        "block field-sizing-content max-h-96 min-h-16 resize-y py-1.5",
        mono && "font-mono text-xs",
        className,
      )}
    />
  );
}
