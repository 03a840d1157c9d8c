"use client";

/** A choice between two or three things that are all in view. */
import { ToggleGroup } from "radix-ui";

type SegmentedProps<Value extends string> = {
  /** Names the choice for assistive technology. */
  label: string;
  options: { value: Value; label: string }[];
  value: Value;
  onChange: (value: Value) => void;
};

export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { label, options, value, onChange } = props;
  return (
    <ToggleGroup.Root
      type="single"
      aria-label={label}
      value={value}
      // A click on the chosen one must not leave none chosen.
      onValueChange={(next) => next !== "" && onChange(next as Value)}
      className="flex h-8 rounded-md border bg-sunken p-0.5"
    >
      {options.map((option) => (
        <ToggleGroup.Item
          key={option.value}
          value={option.value}
          className="flex-1 rounded-sm border border-transparent px-2 text-muted transition-colors hover:text-text data-[state=on]:border-line data-[state=on]:bg-surface data-[state=on]:text-text dark:data-[state=on]:bg-hover"
        >
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
