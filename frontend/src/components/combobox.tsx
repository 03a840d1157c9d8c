"use client";

/** A searchable choice of one; may also take text that is not in the list. */
import { Command } from "cmdk";
import { Check, ChevronsUpDown } from "lucide-react";
import { useId, useState } from "react";
import { cn } from "@/lib/cn";
import { fitOf } from "@/lib/search";
import type { ControlAria } from "./field";
import { controlClass } from "./input";
import { itemClass } from "./menu";
import { Popover } from "./popover";
import type { Option } from "./select";

type ComboboxProps = ControlAria & {
  options: Option[];
  value: string | undefined;
  onChange: (value: string) => void;
  placeholder?: string;
  /** What to say when nothing matches. */
  empty?: string;
  /** Offers the typed text itself as a choice. */
  allowCustom?: boolean;
  disabled?: boolean;
  className?: string;
};

/** The choice that is the typed text itself; it stands after every match. */
const TYPED = "\u0000typed";

/** By what is shown of an option, or its value where that is what is shown; not by an id. */
function rank(options: Option[], value: string, search: string): number {
  if (value === TYPED) return Number.EPSILON;
  const found = options.find((option) => option.value === value);
  return found ? fitOf({ name: found.label, text: found.hint }, search) : 0;
}

export function Combobox(props: ComboboxProps) {
  const { options, value, onChange, placeholder = "Choose", empty = "No matches." } = props;
  const { allowCustom, disabled, className, ...rest } = props;
  const listId = useId();
  const [open, setOpen] = useState(false);
  const [search, setSearch] = useState("");
  const shown = options.find((option) => option.value === value)?.label ?? value;
  const typed = search.trim();
  const offerTyped = allowCustom && typed && !options.some((option) => option.value === typed);

  function toggle(next: boolean) {
    setOpen(next);
    setSearch("");
  }
  function choose(next: string) {
    onChange(next);
    toggle(false);
  }

  const trigger = (
    <button
      type="button"
      role="combobox"
      aria-expanded={open}
      aria-controls={listId}
      disabled={disabled}
      id={rest.id}
      aria-describedby={rest["aria-describedby"]}
      aria-invalid={rest["aria-invalid"]}
      aria-required={rest["aria-required"]}
      aria-labelledby={rest["aria-labelledby"]}
      aria-label={rest["aria-label"]}
      className={cn(controlClass, "flex h-8 items-center justify-between gap-2", className)}
    >
      <span className={cn("truncate", !shown && "text-muted")}>{shown || placeholder}</span>
      <ChevronsUpDown aria-hidden className="size-4 shrink-0 text-muted" />
    </button>
  );
  return (
    <Popover
      trigger={trigger}
      label={placeholder}
      open={open}
      onOpenChange={toggle}
      className="w-(--radix-popover-trigger-width) min-w-56 p-0"
    >
      <Command id={listId} label={placeholder} filter={(item, text) => rank(options, item, text)}>
        <Command.Input
          value={search}
          onValueChange={setSearch}
          placeholder="Search"
          className="h-9 w-full border-b bg-transparent px-3 outline-none"
        />
        <Command.List className="max-h-64 overflow-y-auto p-1">
          {!offerTyped && <Command.Empty className="px-2 py-3 text-muted">{empty}</Command.Empty>}
          <Choices options={options} value={value} onChoose={choose} />
          {offerTyped && (
            <Command.Item value={TYPED} onSelect={() => choose(typed)} className={itemClass}>
              Use “{typed}”
            </Command.Item>
          )}
        </Command.List>
      </Command>
    </Popover>
  );
}

type ChoicesProps = {
  options: Option[];
  value: string | undefined;
  onChoose: (value: string) => void;
};

/** A component of its own: a list of hundreds is written down only while it is open. */
function Choices({ options, value, onChoose }: ChoicesProps) {
  return options.map((option) => (
    <Command.Item
      key={option.value}
      value={option.value}
      onSelect={() => onChoose(option.value)}
      className={itemClass}
    >
      {option.icon}
      <span className="min-w-0 flex-1 truncate">
        {option.label}
        {option.hint && <span className="ml-2 text-xs text-muted">{option.hint}</span>}
      </span>
      {option.value === value && <Check aria-hidden />}
    </Command.Item>
  ));
}
