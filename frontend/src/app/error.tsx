"use client";

/** A page that broke while rendering: says so and tries again. */
import { ErrorState } from "@/components/error-state";

export default function PageError({ error, reset }: { error: Error; reset: () => void }) {
  return <ErrorState error={error} title="This page could not be shown" onRetry={reset} />;
}
