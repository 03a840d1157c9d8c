"use client";

/** Views of one thing, side by side. */
import { Tabs as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

type Tab = { value: string; label: ReactNode; content: ReactNode };

type TabsProps = {
  tabs: Tab[];
  value?: string;
  defaultValue?: string;
  onChange?: (value: string) => void;
  /** Names the row of tabs for assistive technology. */
  label: string;
  className?: string;
};

export function Tabs({ tabs, value, defaultValue, onChange, label, className }: TabsProps) {
  return (
    <Radix.Root
      value={value}
      defaultValue={defaultValue ?? tabs[0]?.value}
      onValueChange={onChange}
      className={cn("flex min-h-0 flex-col", className)}
    >
      <Radix.List aria-label={label} className="flex shrink-0 gap-4 border-b">
        {tabs.map((tab) => (
          <Radix.Trigger
            key={tab.value}
            value={tab.value}
            className="-mb-px h-8 border-b-2 border-transparent text-muted transition-colors hover:text-text data-[state=active]:border-accent-text data-[state=active]:text-text"
          >
            {tab.label}
          </Radix.Trigger>
        ))}
      </Radix.List>
      {tabs.map((tab) => (
        <Radix.Content key={tab.value} value={tab.value} className="min-h-0 flex-1 pt-3">
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
