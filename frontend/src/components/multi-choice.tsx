"use client";

/** Several of a list: what is chosen stands as tags, and a box adds another. */
import { X } from "lucide-react";
import { Combobox } from "./combobox";
import type { ControlAria } from "./field";
import type { Option } from "./select";

type MultiChoiceProps = ControlAria & {
  options: Option[];
  value: string[];
  onChange: (value: string[]) => void;
  placeholder: string;
  /** What to say when there is nothing to add. */
  empty: string;
  disabled?: boolean;
};

export function MultiChoice(props: MultiChoiceProps) {
  const { options, value, onChange, placeholder, empty, disabled, ...aria } = props;
  const nameOf = (id: string) => options.find((option) => option.value === id)?.label ?? "Deleted";
  return (
    <div className="flex min-w-0 flex-col gap-1.5">
      {value.length > 0 && (
        <ul className="flex flex-wrap gap-1">
          {value.map((id) => (
            <li
              key={id}
              className="inline-flex h-6 max-w-full items-center gap-1 rounded-sm bg-hover pl-2 text-sm"
            >
              <span className="truncate">{nameOf(id)}</span>
              <button
                type="button"
                disabled={disabled}
                aria-label={`Remove ${nameOf(id)}`}
                onClick={() => onChange(value.filter((other) => other !== id))}
                className="flex size-6 items-center justify-center rounded-sm text-muted hover:text-text"
              >
                <X aria-hidden className="size-3" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <Combobox
        {...aria}
        options={options.filter((option) => !value.includes(option.value))}
        value={undefined}
        onChange={(id) => onChange([...value, id])}
        placeholder={placeholder}
        empty={empty}
        disabled={disabled}
      />
    </div>
  );
}
