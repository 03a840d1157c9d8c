/** What a canvas shows of a node while it runs and afterwards. */
import type { ExecutionState, NodeState } from "./state";
import type { NodeFailure, NodeStatus } from "./types";
import { addUsage } from "./usage";

export type NodeOverlay = {
  status: NodeStatus;
  attempt: number;
  /** Milliseconds since the epoch. */
  startedAt: number | null;
  finishedAt: number | null;
  /** The last lines of streamed text. */
  text: string;
  tokens: number;
  costUsd: number;
  error: NodeFailure | null;
  /** The outgoing handle that became active; null is the default one. */
  handle: string | null;
};

/** By node id. */
export type RunOverlay = ReadonlyMap<string, NodeOverlay>;

const TAIL_LINES = 3;

export function toOverlay(node: NodeState): NodeOverlay {
  const { total_tokens, cost_usd } = addUsage(node.usage, node.pending_usage);
  return {
    status: node.status,
    attempt: node.attempt,
    startedAt: toMs(node.started_at),
    finishedAt: toMs(node.finished_at),
    text: node.text.tail(TAIL_LINES),
    tokens: total_tokens,
    costUsd: cost_usd,
    error: node.error,
    handle: node.handle,
  };
}

/** The overlay of a snapshot; nodes that did not change keep their identity from `last`. */
export function overlayOf(
  state: ExecutionState,
  last: { state: ExecutionState; overlay: RunOverlay } | null,
): RunOverlay {
  if (last?.state.nodes === state.nodes) return last.overlay;
  const overlay = new Map<string, NodeOverlay>();
  for (const [id, node] of state.nodes) {
    const same = last?.state.nodes.get(id) === node ? last.overlay.get(id) : undefined;
    overlay.set(id, same ?? toOverlay(node));
  }
  return overlay;
}

function toMs(time: string | null): number | null {
  return time === null ? null : Date.parse(time);
}
