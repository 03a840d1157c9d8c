/** The button: its label is a verb; at most one primary button in view. */
import { cva, type VariantProps } from "class-variance-authority";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "@/lib/cn";
import { Spinner } from "./spinner";
import { Tooltip } from "./tooltip";

const looks = cva(
  "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-md border font-medium whitespace-nowrap transition-colors select-none disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50 [&_svg]:size-4 [&_svg]:shrink-0",
  {
    variants: {
      variant: {
        primary: "border-transparent bg-accent text-on-accent hover:bg-accent-hover",
        secondary: "border-line bg-surface text-text hover:bg-hover dark:bg-raised",
        ghost: "border-transparent text-text hover:bg-hover",
        danger: "border-transparent bg-danger text-on-accent hover:bg-danger-hover",
      },
      size: { sm: "h-7 px-2.5", md: "h-8 px-3" },
    },
    defaultVariants: { variant: "secondary", size: "md" },
  },
);

export type ButtonProps = ComponentProps<"button"> &
  VariantProps<typeof looks> & {
    /** Shows a spinner and refuses clicks, keeping the width and the focus. */
    loading?: boolean;
    /** Why it cannot be used just now: it is grey, refuses clicks, and says this on hover and focus. */
    obstacle?: string | null;
    /** Gives the looks to the only child, e.g. a Link. */
    asChild?: boolean;
  };

export function Button(props: ButtonProps) {
  const { variant, size, loading, obstacle, asChild, className, children, onClick, ...rest } =
    props;
  const classes = cn(looks({ variant, size }), className);
  if (asChild) {
    return (
      <Slot.Root className={classes} onClick={onClick} {...rest}>
        {children}
      </Slot.Root>
    );
  }
  const idle = loading || Boolean(obstacle);
  const button = (
    <button
      type="button"
      {...rest}
      className={cn(classes, loading && "relative")}
      aria-busy={loading || undefined}
      aria-disabled={idle || rest["aria-disabled"] || undefined}
      onClick={idle ? (event) => event.preventDefault() : onClick}
    >
      {loading && <Spinner className="absolute" />}
      <span className={cn("inline-flex items-center gap-1.5", loading && "opacity-0")}>
        {children}
      </span>
    </button>
  );
  return obstacle ? <Tooltip label={obstacle}>{button}</Tooltip> : button;
}
