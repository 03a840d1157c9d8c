"use client";

/** Short messages about what has just happened; an error also names the request. */
import { useTheme } from "next-themes";
import { Toaster as Sonner, toast as sonner } from "sonner";
import { toApiError } from "@/lib/api/error";

export function Toaster() {
  const { resolvedTheme } = useTheme();
  return (
    <Sonner
      theme={resolvedTheme === "dark" ? "dark" : "light"}
      position="bottom-right"
      closeButton
      toastOptions={{
        unstyled: true,
        classNames: {
          toast:
            "flex w-88 items-start gap-2 rounded-md border bg-raised px-3 py-2.5 font-sans text-sm text-text shadow-float",
          icon: "mt-0.5 shrink-0 [&_svg]:size-4",
          content: "min-w-0 flex-1",
          title: "font-medium",
          description: "break-words text-muted",
          success: "[&_[data-icon]]:text-completed",
          error: "[&_[data-icon]]:text-failed",
          actionButton: "h-7 shrink-0 rounded-md px-2 font-medium text-accent-text hover:bg-hover",
          closeButton:
            "absolute -top-2 -right-2 flex size-5 items-center justify-center rounded-full border bg-raised text-muted hover:text-text",
        },
      }}
    />
  );
}

type Action = { label: string; onClick: () => void };

export const toast = {
  /** "Flow published". */
  success(title: string, options: { description?: string; action?: Action } = {}) {
    sonner.success(title, options);
  },
  /** `title` says what did not work; the reason and request id come from the error. */
  error(title: string, error?: unknown) {
    if (error === undefined) return void sonner.error(title);
    const { message, requestId } = toApiError(error);
    const description = requestId ? `${message} (request ${requestId})` : message;
    sonner.error(title, { description, duration: 10_000 });
  },
};
