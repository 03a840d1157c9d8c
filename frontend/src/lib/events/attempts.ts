/** The tries of a node: each begins and ends, and the calls within it end with it. */
import type { NodeState } from "./state";
import { GrowingText } from "./text";
import { NO_USAGE } from "./usage";

export function beginAttempt(node: NodeState, attempt: number, at: string): void {
  node.attempts.push({
    attempt,
    status: "running",
    started_at: at,
    finished_at: null,
    waits_from: null,
    error: null,
  });
  node.text = new GrowingText();
  node.text_call = null;
  node.pending_usage = NO_USAGE;
}

/** From now on it waits, for a time or for a person. */
export function suspendAttempt(node: NodeState, at: string): void {
  const last = node.attempts.length - 1;
  const attempt = node.attempts[last];
  if (attempt?.status === "running") node.attempts[last] = { ...attempt, waits_from: at };
}

export function endAttempt(
  node: NodeState,
  status: "completed" | "failed" | "cancelled",
  at: string,
  error: NodeState["error"] = null,
): void {
  const last = node.attempts.length - 1;
  const attempt = node.attempts[last];
  if (attempt?.status === "running") {
    node.attempts[last] = { ...attempt, status, finished_at: at, error };
  }
  // Calls and tasks that were still open ended with their attempt.
  const open = <Part extends { status: string; attempt: number }>(parts: Part[]) =>
    parts.map((part) =>
      part.status === "running" && part.attempt === node.attempt
        ? { ...part, status: "cancelled" as const }
        : part,
    );
  node.calls = open(node.calls);
  node.tools = open(node.tools);
  node.tasks = open(node.tasks);
}
