"use client";

/** A list of suggestions under a text field that keeps the focus; the field drives it by keys. */
import { Popover as Radix } from "radix-ui";
import { useEffect, useRef, type ReactElement, type ReactNode } from "react";
import { cn } from "@/lib/cn";
import { itemClass } from "./menu";

export type Suggestion = { value: string; heading?: string; content: ReactNode };

type SuggestionsProps = {
  /** The field, or a box around it. */
  anchor: ReactElement;
  open: boolean;
  onClose: () => void;
  options: Suggestion[];
  /** Index of the highlighted one. */
  active: number;
  onPick: (value: string) => void;
  /** Ties the field to the list: aria-controls and aria-activedescendant. */
  id: string;
  label: string;
  /** Said when there is nothing to offer. */
  empty: string;
  /** Above the list, e.g. a search box. */
  head?: ReactNode;
};

export function optionId(id: string, index: number): string {
  return `${id}-${index}`;
}

export function Suggestions(props: SuggestionsProps) {
  const { anchor, open, onClose, options, active, onPick, id, label, empty, head } = props;
  const list = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!open) return;
    list.current?.querySelector("[data-highlighted]")?.scrollIntoView({ block: "nearest" });
  }, [open, active]);

  return (
    <Radix.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Radix.Anchor asChild>{anchor}</Radix.Anchor>
      <Radix.Portal>
        <Radix.Content
          align="start"
          sideOffset={4}
          collisionPadding={8}
          aria-label={label}
          // The caret stays where one types.
          onOpenAutoFocus={(event) => !head && event.preventDefault()}
          onCloseAutoFocus={(event) => event.preventDefault()}
          className="z-50 w-(--radix-popover-trigger-width) min-w-72 rounded-md border bg-raised text-text shadow-float outline-none"
        >
          {head}
          <div
            ref={list}
            id={id}
            role="listbox"
            aria-label={label}
            className="max-h-72 overflow-y-auto p-1"
          >
            {options.map(({ value, heading, content }, index) => (
              <div key={value} role="presentation">
                {heading && heading !== options[index - 1]?.heading && (
                  <div role="presentation" className="px-2 pt-1.5 pb-0.5 text-xs text-muted">
                    {heading}
                  </div>
                )}
                <div
                  id={optionId(id, index)}
                  role="option"
                  aria-selected={index === active}
                  data-highlighted={index === active || undefined}
                  // Before the field loses the focus to the click.
                  onPointerDown={(event) => {
                    event.preventDefault();
                    onPick(value);
                  }}
                  className={cn(itemClass, "hover:bg-hover")}
                >
                  {content}
                </div>
              </div>
            ))}
          </div>
          {options.length === 0 && <p className="px-3 pb-2.5 text-muted">{empty}</p>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
