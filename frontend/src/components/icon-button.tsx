"use client";

/** A button that is only an icon; its label is both the tooltip and the accessible name. */
import type { ComponentProps, ReactElement } from "react";
import { cn } from "@/lib/cn";
import { Button, type ButtonProps } from "./button";
import { Tooltip } from "./tooltip";

type IconButtonProps = Omit<ButtonProps, "aria-label" | "asChild" | "children"> & {
  label: string;
  icon: ReactElement;
  keys?: string[];
  side?: ComponentProps<typeof Tooltip>["side"];
};

export function IconButton(props: IconButtonProps) {
  const { label, icon, keys, side, variant = "ghost", size = "sm", className, ...rest } = props;
  return (
    <Tooltip label={label} keys={keys} side={side}>
      <Button
        {...rest}
        variant={variant}
        size={size}
        aria-label={label}
        className={cn("p-0", size === "sm" ? "w-7" : "w-8", className)}
      >
        {icon}
      </Button>
    </Tooltip>
  );
}
