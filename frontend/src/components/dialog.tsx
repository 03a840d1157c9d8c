"use client";

/** A question that must be answered before going on, in the middle of the screen. */
import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactElement, ReactNode } from "react";
import { cn } from "@/lib/cn";
import { IconButton } from "./icon-button";

export type DialogProps = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** One sentence that says what happens. */
  description?: ReactNode;
  children?: ReactNode;
  /** The buttons, the main one last. */
  footer?: ReactNode;
  trigger?: ReactElement;
  size?: "sm" | "md" | "lg";
};

const widths = { sm: "max-w-sm", md: "max-w-lg", lg: "max-w-3xl" };

export const overlayClass =
  "fixed inset-0 z-40 bg-overlay duration-140 data-[state=closed]:animate-out data-[state=closed]:fade-out-0 data-[state=open]:animate-in data-[state=open]:fade-in-0";

export function Dialog(props: DialogProps) {
  const { open, onOpenChange, trigger, children, footer, size = "md" } = props;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      {trigger && <Radix.Trigger asChild>{trigger}</Radix.Trigger>}
      <Radix.Portal>
        <Radix.Overlay className={overlayClass} />
        <Radix.Content
          onOpenAutoFocus={focusContent}
          {...(props.description ? {} : { "aria-describedby": undefined })}
          className={cn(
            "fixed top-1/2 left-1/2 z-50 flex max-h-[85vh] w-[calc(100vw-2rem)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-md border bg-raised shadow-float duration-140 outline-none data-[state=open]:animate-in data-[state=open]:fade-in-0",
            widths[size],
          )}
        >
          <DialogHead title={props.title} description={props.description} />
          {children && (
            <div data-body className="min-h-0 overflow-y-auto px-4 pb-4">
              {children}
            </div>
          )}
          {footer && <DialogFoot>{footer}</DialogFoot>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

const FOCUSABLE = ":is(input, textarea, button, a[href], [tabindex='0']):not(:disabled)";

/** One begins with the first field, or else with the first button; never with the closing cross. */
export function focusContent(event: Event) {
  const content = event.currentTarget;
  if (!(content instanceof HTMLElement)) return;
  const first =
    content.querySelector<HTMLElement>(`[data-body] ${FOCUSABLE}`) ??
    content.querySelector<HTMLElement>(`[data-foot] ${FOCUSABLE}`);
  event.preventDefault();
  // Content that is still on its way has nothing to begin with.
  (first ?? content).focus();
}

/** Title, description and the closing cross; shared with the Sheet. */
export function DialogHead({ title, description }: Pick<DialogProps, "title" | "description">) {
  return (
    <header className="flex items-start gap-3 py-3 pr-2 pl-4">
      <div className="min-w-0 flex-1 pt-0.5">
        <Radix.Title className="text-base font-semibold">{title}</Radix.Title>
        {description && (
          <Radix.Description className="mt-1 text-muted">{description}</Radix.Description>
        )}
      </div>
      <Radix.Close asChild>
        <IconButton label="Close" keys={["Esc"]} icon={<X aria-hidden />} />
      </Radix.Close>
    </header>
  );
}

export function DialogFoot({ children }: { children: ReactNode }) {
  return (
    <footer data-foot className="flex justify-end gap-2 border-t px-4 py-3">
      {children}
    </footer>
  );
}
