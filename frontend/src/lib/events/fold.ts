/**
 * Folding events into a state, by the same rules as the server (shared golden files test both).
 * Each event costs time in proportion to what it touches, not to how much came before.
 */
import { touch, type Folding, type NodeState } from "./state";
import { GrowingText } from "./text";
import { foldTrace } from "./trace";
import {
  isFinal,
  type EventData,
  type ExecutionEvent,
  type JournalData,
  type Usage,
} from "./types";
import { addUsage, NO_USAGE } from "./usage";

/** "stale": was folded already. "gap": events before it have not come; nothing was changed. */
export type Folded = "applied" | "stale" | "gap";

/**
 * Changes `state` by one event, in place. Folding an event twice changes nothing.
 * `allowGap` takes an event whose predecessors the server no longer has.
 */
export function foldEvent(
  state: Folding,
  event: ExecutionEvent,
  { allowGap = false }: { allowGap?: boolean } = {},
): Folded {
  if (event.seq <= state.seq) return "stale";
  const missing = event.seq - state.seq - 1;
  if (missing > 0 && !allowGap) return "gap";
  state.missing += missing;
  state.seq = event.seq;
  state.events.push(event);
  if (isFinal(state.status)) return "applied";
  if (event.type in EXECUTION || event.type in NODE) foldJournal(state, event);
  else foldTrace(state, event);
  return "applied";
}

function foldJournal(state: Folding, event: ExecutionEvent): void {
  const { type, node_id: id, timestamp: at, data } = event;
  if (id === null) {
    (EXECUTION as Record<string, ExecutionHandler<never> | undefined>)[type]?.(
      state,
      data as never,
      at,
    );
  } else {
    const handler = (NODE as Record<string, NodeHandler<never> | undefined>)[type];
    handler?.(state, id, touch(state, id), data as never, at);
  }
}

type ExecutionHandler<Data> = (state: Folding, data: Data, at: string) => void;
type NodeHandler<Data> = (
  state: Folding,
  id: string,
  node: NodeState,
  data: Data,
  at: string,
) => void;
type Of<Prefix extends string> = Extract<keyof JournalData, `${Prefix}_${string}`>;

const EXECUTION: { [Type in Of<"execution">]: ExecutionHandler<EventData[Type]> } = {
  execution_queued(state, data, at) {
    state.inputs = data.inputs;
    state.queued_at = at;
  },
  execution_started(state, _data, at) {
    state.status = "running";
    state.started_at ??= at;
  },
  execution_resumed(state, _data, at) {
    state.status = "running";
    for (const id of state.running) {
      const node = touch(state, id);
      node.status = "pending";
      endAttempt(node, "cancelled", at);
    }
    state.running.clear();
  },
  execution_waiting(state) {
    state.status = "waiting";
  },
  execution_completed(state, data, at) {
    state.outputs = data.outputs;
    finish(state, "completed", at);
  },
  execution_failed(state, data, at) {
    state.error = data.error;
    finish(state, "failed", at);
  },
  execution_cancelled(state, _data, at) {
    finish(state, "cancelled", at);
  },
};

const NODE: { [Type in Of<"node">]: NodeHandler<EventData[Type]> } = {
  node_started(state, id, node, data, at) {
    node.status = "running";
    node.attempt = data.attempt;
    node.input = data.input;
    node.started_at ??= at;
    node.retry_at = null;
    state.retrying.delete(id);
    state.running.add(id);
    beginAttempt(node, data.attempt, at);
  },
  node_retrying(state, id, node, data, at) {
    node.status = "waiting";
    node.error = data.error;
    node.retry_at = data.retry_at;
    count(state, node, data.usage);
    state.running.delete(id);
    state.retrying.add(id);
    endAttempt(node, "failed", at, data.error);
  },
  node_completed(state, id, node, data, at) {
    node.output = data.output;
    node.handle = data.handle;
    node.error = null;
    count(state, node, data.usage);
    settle(state, id, node, "completed", at);
    endAttempt(node, "completed", at);
  },
  node_failed(state, id, node, data, at) {
    node.error = data.error;
    node.handle = data.handle;
    count(state, node, data.usage);
    settle(state, id, node, "failed", at);
    endAttempt(node, "failed", at, data.error);
  },
  node_skipped(state, id, node, _data, at) {
    settle(state, id, node, "skipped", at);
  },
  node_waiting(_state, _id, node) {
    node.status = "waiting";
  },
};

function finish(state: Folding, status: "completed" | "failed" | "cancelled", at: string): void {
  state.status = status;
  state.finished_at = at;
  for (const id of [...state.running, ...state.retrying]) {
    const node = touch(state, id);
    node.status = "cancelled";
    node.finished_at = at;
    node.retry_at = null;
    endAttempt(node, "cancelled", at);
  }
  state.running.clear();
  state.retrying.clear();
}

function settle(
  state: Folding,
  id: string,
  node: NodeState,
  status: "completed" | "failed" | "skipped",
  at: string,
): void {
  node.status = status;
  node.finished_at = at;
  state.running.delete(id);
  state.retrying.delete(id);
}

/** The outcome of an attempt tells all that it used; what its calls told before is part of that. */
function count(state: Folding, node: NodeState, usage: Usage): void {
  node.usage = addUsage(node.usage, usage);
  state.usage = addUsage(state.usage, usage);
  node.pending_usage = NO_USAGE;
}

function beginAttempt(node: NodeState, attempt: number, at: string): void {
  node.attempts.push({
    attempt,
    status: "running",
    started_at: at,
    finished_at: null,
    error: null,
  });
  node.text = new GrowingText();
  node.text_call = null;
  node.pending_usage = NO_USAGE;
}

function endAttempt(
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
