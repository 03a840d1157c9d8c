"use client";

/** A drawer at the right edge: details in place, without losing the list behind it. */
import { Dialog as Radix } from "radix-ui";
import { cn } from "@/lib/cn";
import { DialogFoot, DialogHead, focusContent, overlayClass, type DialogProps } from "./dialog";

const widths = { sm: "w-90", md: "w-120", lg: "w-180" };

export function Sheet(props: DialogProps) {
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
            "fixed inset-y-0 right-0 z-50 flex max-w-full flex-col border-l bg-raised shadow-float duration-160 outline-none data-[state=closed]:animate-out data-[state=closed]:slide-out-to-right data-[state=open]:animate-in data-[state=open]:slide-in-from-right",
            widths[size],
          )}
        >
          <DialogHead title={props.title} description={props.description} />
          <div data-body className="min-h-0 flex-1 overflow-y-auto px-4 pb-4">
            {children}
          </div>
          {footer && <DialogFoot>{footer}</DialogFoot>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
