/** The mark: two watches of a crew in one frame, drawn like a signal flag. */
import { cn } from "@/lib/cn";

export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden className={cn("size-6 shrink-0", className)}>
      <rect width="24" height="24" rx="5" fill="var(--accent)" />
      <path d="M5.5 6.5 9 17.5l3-8.2 3 8.2 3.5-11" {...stroke} />
    </svg>
  );
}

const stroke = {
  fill: "none",
  stroke: "var(--on-accent)",
  strokeWidth: 2.2,
  strokeLinecap: "round",
  strokeLinejoin: "round",
} as const;
