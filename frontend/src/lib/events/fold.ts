/**
 * Folding events into a state, by the same rules as the server (shared golden files test both).
 * Each event costs time in proportion to what it touches, not to how much came before.
 */
import { beginAttempt, endAttempt, suspendAttempt } from "./attempts";
import {
  closeIteration,
  countIteration,
  dropIterations,
  fail,
  failIterations,
  halt,
  openIteration,
  revive,
} from "./frames";
import { isIteration } from "./iterations";
import { touch, type Folding, type NodeState } from "./state";
import { foldTrace } from "./trace";
import {
  isFinal,
  type EventData,
  type ExecutionEvent,
  type JournalData,
  type Usage,
} from "./types";
import { addUsage, NO_USAGE } from "./usage";
import { endWait } from "./waited";

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
  // After the end only a resumption counts, which opens the execution again.
  if (isFinal(state.status) && event.type !== "execution_resumed") return "applied";
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
    state.forked_from = data.forked_from ?? null;
    state.queued_at = at;
  },
  execution_started(state, _data, at) {
    state.status = "running";
    state.paused = false;
    state.started_at ??= at;
  },
  execution_resumed(state, _data, at) {
    const since = isFinal(state.status) ? state.finished_at : state.waited.since;
    state.waited = endWait({ ms: state.waited.ms, since }, at);
    if (isFinal(state.status)) {
      state.error = state.outputs = state.finished_at = null;
      revive(state, at);
    }
    state.status = "running";
    state.paused = false;
    for (const id of state.running) {
      const node = touch(state, id);
      node.status = "pending";
      endAttempt(node, "cancelled", at);
    }
    state.running.clear();
  },
  execution_waiting(state, data, at) {
    state.status = "waiting";
    state.waited = { ms: state.waited.ms, since: at };
    state.paused = data.reason === "paused";
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
    // Where its input took long to compute, the event comes twice for one attempt.
    const again = state.running.has(id) && node.attempt === data.attempt;
    node.status = "running";
    node.attempt = data.attempt;
    node.input = data.input;
    node.started_at ??= at;
    node.retry_at = null;
    node.iterations = data.iterations ?? null;
    node.iterationCounts = { over: 0, failed: 0 };
    state.retrying.delete(id);
    state.halted.delete(id);
    if (!again) beginAttempt(node, data.attempt, at);
    if (isIteration(id)) openIteration(state, id);
    else if (node.iterations !== null) {
      state.running.delete(id);
      state.iterating.set(id, new Set());
    } else state.running.add(id);
  },
  node_retrying(state, id, node, data, at) {
    dropIterations(state, id, at, { forget: true });
    node.status = "waiting";
    node.error = data.error;
    node.retry_at = data.retry_at;
    count(state, node, data.usage);
    state.running.delete(id);
    state.retrying.add(id);
    endAttempt(node, "failed", at, data.error);
  },
  node_waiting(state, id, node, data, at) {
    node.status = "waiting";
    node.retry_at = data.until;
    node.request = data.request ?? null;
    state.running.delete(id);
    state.waiting.add(id);
    suspendAttempt(node, at);
  },
  node_completed(state, id, node, data, at) {
    node.output = data.output;
    node.handle = data.handle;
    node.error = null;
    count(state, node, data.usage);
    settle(state, id, node, "completed", at);
    endAttempt(node, "completed", at);
    if (isIteration(id)) {
      countIteration(state, id, false);
      closeIteration(state, id, at);
    } else dropIterations(state, id, at);
  },
  node_failed(state, id, node, data, at) {
    node.error = data.error;
    node.handle = data.handle;
    node.output = data.output ?? null;
    count(state, node, data.usage);
    settle(state, id, node, "failed", at);
    endAttempt(node, "failed", at, data.error);
    if (isIteration(id)) {
      countIteration(state, id, true);
      (data.handled ? closeIteration : failIterations)(state, id, at);
    } else if (data.handled) dropIterations(state, id, at);
    else fail(state, id, at);
  },
  node_skipped(state, id, node, _data, at) {
    settle(state, id, node, "skipped", at);
  },
};

function finish(state: Folding, status: "completed" | "failed" | "cancelled", at: string): void {
  state.status = status;
  state.finished_at = at;
  state.waited = endWait(state.waited, at);
  halt(state, "", at);
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
  state.waiting.delete(id);
}

/** The outcome of an attempt tells all that it used; what its calls told before is part of that. */
function count(state: Folding, node: NodeState, usage: Usage): void {
  node.usage = addUsage(node.usage, usage);
  state.usage = addUsage(state.usage, usage);
  node.pending_usage = NO_USAGE;
}
