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
  user: "Open the step in the editor, correct what the message names, and choose “Run again”, as edited now.",
  upstream:
    "Check the provider's address, key and model on the Models page with “Test”. If it was only busy, run the flow again, or give the step more attempts under “When it fails”.",
  timeout:
    "Run it again. If it is slow every time, raise the step's time-out, choose a faster model, or ask for less in one step.",
  limit:
    "Raise the limit, shorten what the step sends to the model, or wait until the limit is free again.",
  bug: "Run it again. If it comes back, report it with the execution's id: the events have the details.",
};

/** What helps against one limit; against the others, `steps.limit`. */
const LESS =
  "Filter lists before you go through them, work on less in one step, or start another execution for each part of the work.";
const SHORTER_ANSWER =
  "Ask the model for less in one step. Where its answers must be that long, whoever runs Watchbill can allow more.";
const KEEP_LESS =
  "Give on only what later steps need: choose fields in a Transform step, or set the result of a Map.";
const limits: Record<string, string> = {
  computation_limit: LESS,
  too_much_time: LESS,
  too_much_memory: LESS,
  too_many_iterations: LESS,
  too_many_items: LESS,
  too_many_events: LESS,
  too_many_computations:
    "Wait until the other computations of the tenant are done, and run it again.",
  answer_too_large: SHORTER_ANSWER,
  answer_cut_off: "Raise the step's maximum of tokens, or ask for a shorter answer.",
  http_answer_too_large: "Ask the service for less at a time, page by page.",
  input_too_large: KEEP_LESS,
  output_too_large: KEEP_LESS,
  outputs_too_large: KEEP_LESS,
  execution_too_large: KEEP_LESS,
};

export function failureTitle({ kind }: NodeFailure): string {
  return titles[kind] ?? "It failed";
}

export function nextStep({ kind, code }: NodeFailure): string {
  const known = kind === "limit" ? limits[code] : undefined;
  return known ?? steps[kind] ?? "Look at the events for what happened before.";
}
