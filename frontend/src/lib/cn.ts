/** Joins class names; a later Tailwind class wins over an earlier one of the same kind. */
import { cx } from "class-variance-authority";
import { extendTailwindMerge } from "tailwind-merge";

const merge = extendTailwindMerge({ extend: { theme: { shadow: ["float"] } } });

export function cn(...classes: Parameters<typeof cx>): string {
  return merge(cx(...classes));
}
