/** What went wrong, in words, and what a person can do about it. */
import type { ErrorKind, NodeFailure } from "@/lib/events";

const titles: Record<ErrorKind, string> = {
  user: "The flow or its inputs need a change",
  upstream: "A service outside did not do its part",
  timeout: "It took too long",
  limit: "A limit was reached",
  bug: "Watchbill made a mistake",
};

const steps: Record<ErrorKind, string> = {
  user: "Open the step in the editor, correct what the message names, and run the flow again.",
  upstream:
    "Check the provider's address, key and model on the Models page with “Test”. If it was only busy, run the flow again, or give the step more attempts under “When it fails”.",
  timeout:
    "Run it again. If it is slow every time, raise the step's time-out, choose a faster model, or ask for less in one step.",
  limit:
    "Raise the limit, shorten what the step sends to the model, or wait until the limit is free again.",
  bug: "Run it again. If it comes back, report it with the execution's id: the events have the details.",
};

export function failureTitle({ kind }: NodeFailure): string {
  return titles[kind] ?? "It failed";
}

export function nextStep({ kind }: NodeFailure): string {
  return steps[kind] ?? "Look at the events for what happened before.";
}
