"use client";

/** How short messages look, and the library that shows them. */
import { useTheme } from "next-themes";
import { useEffect } from "react";
import { Toaster as Sonner, toast as sonner } from "sonner";

/** `onReady` is given what shows a message, once there is a place for it. */
export function Toasts({ onReady }: { onReady: (show: typeof sonner) => void }) {
  const { resolvedTheme } = useTheme();
  useEffect(() => onReady(sonner), [onReady]);
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
