"use client";

/** A choice of one from a short list (up to about ten; above that use Combobox). */
import { Check, ChevronDown } from "lucide-react";
import { Select as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";
import type { ControlAria } from "./field";
import { controlClass } from "./input";
import { itemClass, menuClass } from "./menu";

export type Option = { value: string; label: string; hint?: string; icon?: ReactNode };

type SelectProps = ControlAria & {
  options: Option[];
  value: string | undefined;
  onChange: (value: string) => void;
  placeholder?: string;
  disabled?: boolean;
  className?: string;
};

export function Select(props: SelectProps) {
  const { options, value, onChange, placeholder = "Choose", disabled, className, ...aria } = props;
  return (
    <Radix.Root value={value ?? ""} onValueChange={onChange} disabled={disabled}>
      <Radix.Trigger
        {...aria}
        className={cn(
          controlClass,
          "flex h-8 items-center justify-between gap-2 data-placeholder:text-muted [&>span]:truncate",
          className,
        )}
      >
        <Radix.Value placeholder={placeholder} />
        <Radix.Icon>
          <ChevronDown aria-hidden className="size-4 text-muted" />
        </Radix.Icon>
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          position="popper"
          sideOffset={4}
          className={cn(menuClass, "max-h-80 min-w-(--radix-select-trigger-width)")}
        >
          <Radix.Viewport>
            {options.map((option) => (
              <Radix.Item key={option.value} value={option.value} className={itemClass}>
                {option.icon}
                <span className="flex-1">
                  <Radix.ItemText>{option.label}</Radix.ItemText>
                  {option.hint && <span className="block text-xs text-muted">{option.hint}</span>}
                </span>
                <Radix.ItemIndicator>
                  <Check aria-hidden className="size-4" />
                </Radix.ItemIndicator>
              </Radix.Item>
            ))}
          </Radix.Viewport>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
