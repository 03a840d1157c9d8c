"use client";

/** Views of one thing, side by side. */
import { Tabs as Radix } from "radix-ui";
import type { MouseEvent, ReactNode } from "react";
import { cn } from "@/lib/cn";

type Tab = { value: string; label: ReactNode; content: ReactNode };

type TabsProps = {
  tabs: Tab[];
  value?: string;
  defaultValue?: string;
  onChange?: (value: string) => void;
  /** Names the row of tabs for assistive technology. */
  label: string;
  /** Fills its place edge to edge: the tabs are inset, the content is not and scrolls by itself. */
  flush?: boolean;
  /** Buttons at the right of the row of tabs. */
  end?: ReactNode;
  className?: string;
};

/** Radix moves the focus itself, and then browsers mark it as if it had come by a key. */
function focusQuietly({ button, currentTarget }: MouseEvent<HTMLElement>) {
  const options: FocusOptions & { focusVisible: boolean } = { focusVisible: false };
  if (button === 0) currentTarget.focus(options);
}

export function Tabs(props: TabsProps) {
  const { tabs, value, defaultValue, onChange, label, flush, end, className } = props;
  return (
    <Radix.Root
      value={value}
      defaultValue={defaultValue ?? tabs[0]?.value}
      onValueChange={onChange}
      className={cn("flex min-h-0 flex-col", className)}
    >
      <div className={cn("flex shrink-0 items-center gap-2 border-b", flush && "pr-2 pl-4")}>
        <Radix.List aria-label={label} className="flex flex-1 gap-4">
          {tabs.map((tab) => (
            <Radix.Trigger
              key={tab.value}
              value={tab.value}
              onMouseDown={focusQuietly}
              className="-mb-px h-8 border-b-2 border-transparent text-muted transition-colors hover:text-text data-[state=active]:border-accent-text data-[state=active]:text-text"
            >
              {tab.label}
            </Radix.Trigger>
          ))}
        </Radix.List>
        {end}
      </div>
      {tabs.map((tab) => (
        <Radix.Content
          key={tab.value}
          value={tab.value}
          className={cn("min-h-0 flex-1 -outline-offset-2", flush ? "overflow-auto" : "pt-3")}
        >
          {tab.content}
        </Radix.Content>
      ))}
    </Radix.Root>
  );
}
