"use client";

/** Menus: one behind a button (DropdownMenu), one under the right mouse button (ContextMenu). */
import { ContextMenu as RadixContext, DropdownMenu as RadixDropdown } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { Kbd } from "./kbd";

/** The floating surface of every menu and list of choices. */
export const menuClass =
  "z-50 min-w-44 overflow-y-auto overflow-x-hidden rounded-md border bg-raised p-1 text-sm text-text shadow-float data-[state=open]:animate-in data-[state=open]:fade-in-0 duration-120";

/** One row in it. */
export const itemClass =
  "flex min-h-7 cursor-pointer items-center gap-2 rounded-sm px-2 py-1 outline-none select-none aria-disabled:pointer-events-none aria-disabled:opacity-50 data-highlighted:bg-hover data-[selected=true]:bg-hover [&_svg]:size-4 [&_svg]:shrink-0";

export type MenuItem =
  | {
      label: string;
      /** What is read out where the label says enough only below its heading. */
      spoken?: string;
      icon?: ReactNode;
      keys?: string[];
      danger?: boolean;
      disabled?: boolean;
      onSelect: () => void;
    }
  | { separator: true }
  | { heading: ReactNode }
  | {
      label: string;
      value: string;
      onChange: (value: string) => void;
      options: { value: string; label: string; icon?: ReactNode }[];
    };

/** Both Radix menus share their parts' names and props. */
type Parts = typeof RadixDropdown | typeof RadixContext;

function items(Radix: Parts, list: MenuItem[]): ReactNode {
  return list.map((item, index) => {
    if ("separator" in item) return <Radix.Separator key={index} className="my-1 h-px bg-line" />;
    if ("heading" in item) {
      return (
        <Radix.Label key={index} className="px-2 py-1 text-xs text-muted">
          {item.heading}
        </Radix.Label>
      );
    }
    if ("options" in item) {
      return (
        <Radix.RadioGroup key={index} value={item.value} onValueChange={item.onChange}>
          <Radix.Label className="px-2 py-1 text-xs text-muted">{item.label}</Radix.Label>
          {item.options.map((option) => (
            <Radix.RadioItem key={option.value} value={option.value} className={itemClass}>
              {option.icon}
              <span className="flex-1">{option.label}</span>
              <Radix.ItemIndicator className="size-1.5 rounded-full bg-accent-text" />
            </Radix.RadioItem>
          ))}
        </Radix.RadioGroup>
      );
    }
    return (
      <Radix.Item
        key={index}
        disabled={item.disabled}
        aria-label={item.spoken}
        onSelect={item.onSelect}
        className={cn(itemClass, item.danger && "text-failed")}
      >
        {item.icon}
        <span className="flex-1">{item.label}</span>
        {item.keys && <Kbd keys={item.keys} />}
      </Radix.Item>
    );
  });
}

type DropdownMenuProps = {
  /** The button that opens it. */
  trigger: ReactElement;
  items: MenuItem[];
  align?: "start" | "center" | "end";
  side?: "top" | "right" | "bottom" | "left";
};

export function DropdownMenu({ trigger, items: list, align = "end", side }: DropdownMenuProps) {
  return (
    <RadixDropdown.Root modal={false}>
      <RadixDropdown.Trigger asChild>{trigger}</RadixDropdown.Trigger>
      <RadixDropdown.Portal>
        <RadixDropdown.Content align={align} side={side} sideOffset={4} className={menuClass}>
          {items(RadixDropdown, list)}
        </RadixDropdown.Content>
      </RadixDropdown.Portal>
    </RadixDropdown.Root>
  );
}

/** Wraps the one element whose right click opens the menu. */
export function ContextMenu({
  items: list,
  children,
}: {
  items: MenuItem[];
  children: ReactElement;
}) {
  return (
    <RadixContext.Root>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal>
        <RadixContext.Content className={menuClass}>
          {items(RadixContext, list)}
        </RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  );
}
