/** What went wrong, in words, and what a person can do about it. */
import type { ErrorKind, NodeFailure } from "@/lib/events";

const titles: Record<ErrorKind, string> = {
  user: "The flow or its inputs need a change",
  upstream: "An external service failed",
  timeout: "It took too long",
  limit: "A limit was reached",
  bug: "An error in Watchbill",
};

const advice: Record<ErrorKind, string> = {
  user: "Open the node in the editor, fix what the message names, and choose “Run again”, then “As edited now”.",
  upstream:
    "Check the provider's address, key and model on the Models page with “Test”. If the service was only busy, run the flow again, or give the node more attempts under “When it fails”.",
  timeout:
    "Run it again. If it is slow every time, raise the node's time-out, choose a faster model, or ask for less in one node.",
  limit: "Raise the limit, shorten what the node sends to the model, or try again after some time.",
  bug: "Run it again. If it fails again, report it with the execution's id. The events have the details.",
};

/** What helps against one limit; against the others, `advice.limit`. */
const LESS =
  "Filter lists before a Map or Loop, work on less in one node, or start another execution for each part of the work.";
const SHORTER_ANSWER =
  "Ask the model for less in one node. If you need answers this long, ask the operator of Watchbill to allow more.";
const KEEP_LESS =
  "Pass on only what later nodes need. Choose fields in a Transform node, or set the result of a Map.";
const limits: Record<string, string> = {
  computation_limit: LESS,
  too_much_time: LESS,
  too_much_memory: LESS,
  too_many_iterations: LESS,
  too_many_items: LESS,
  too_many_events: LESS,
  too_many_computations:
    "Wait until other computations of the tenant have finished, then run it again.",
  answer_too_large: SHORTER_ANSWER,
  answer_cut_off: "Raise the maximum tokens of the node, or ask for a shorter answer.",
  http_answer_too_large: "Ask the service for less at a time, for example page by page.",
  input_too_large: KEEP_LESS,
  output_too_large: KEEP_LESS,
  outputs_too_large: KEEP_LESS,
  execution_too_large: KEEP_LESS,
};

export function failureTitle({ kind }: NodeFailure): string {
  return titles[kind] ?? "It failed";
}

export function adviceFor({ kind, code }: NodeFailure): string {
  const known = kind === "limit" ? limits[code] : undefined;
  return known ?? advice[kind] ?? "Look at the events to see what happened before.";
}
