/** What a canvas shows of a node while it runs and afterwards. */
import type { ExecutionState, NodeState } from "./state";
import type { Json, NodeStatus } from "./types";
import { addUsage } from "./usage";
import { waitedOf, type Waited } from "./waited";

/** How one node fares. Times are RFC 3339, UTC. */
export type NodeOverlay = {
  status: NodeStatus;
  startedAt: string | null;
  finishedAt: string | null;
  /** How much of the time between did nothing. */
  waited: Waited;
  /** The last lines that its models have streamed; before the first of them, what was logged last. */
  text: string;
  tokens: number;
  costUsd: number;
  /** Why it failed, as a sentence. */
  error: string | null;
  /** The outgoing handle that became active; null is the default one. */
  handle: string | null;
  /** When it goes on by itself: the next attempt, or the end of a wait. */
  until: string | null;
  /** It waits for an answer of a person. */
  asks: boolean;
  /** How many iterations there can be; null for a node without a body. */
  iterations: number | null;
  /** How many of them are over, and how many of those failed. */
  iterationCounts: { over: number; failed: number };
  input: Json;
  output: Json;
};

/** Where an overlay is shown, e.g. the store of a canvas. */
export type OverlayTarget = {
  /** Begins showing an execution, replacing what was shown. */
  show: (
    executionId: string,
    nodes: Record<string, NodeOverlay>,
    inputs: Record<string, Json>,
  ) => void;
  /** Changes these nodes, given by path. */
  update: (changes: Record<string, NodeOverlay>) => void;
  clear: () => void;
};

const TAIL_LINES = 3;

export function toOverlay(node: NodeState): NodeOverlay {
  const { total_tokens, cost_usd } = addUsage(node.usage, node.pending_usage);
  return {
    status: node.status,
    startedAt: node.started_at,
    finishedAt: node.finished_at,
    waited: waitedOf(node),
    text: node.text.tail(TAIL_LINES) || (node.logs.at(-1)?.message ?? ""),
    tokens: total_tokens,
    costUsd: cost_usd,
    error: node.error?.message ?? null,
    handle: node.handle,
    until: node.status === "waiting" ? node.retry_at : null,
    asks: node.status === "waiting" && node.request !== null,
    iterations: node.iterations,
    iterationCounts: node.iterationCounts,
    input: node.input,
    output: node.output,
  };
}

/** Hands `target` what changed from `last` (null: everything) to `state`. */
export function feedOverlay(
  target: OverlayTarget,
  executionId: string,
  state: ExecutionState,
  last: ExecutionState | null,
): void {
  // Nodes go when a body runs again.
  if (last?.inputs !== state.inputs || last.nodes.size > state.nodes.size) {
    const nodes = [...state.nodes].map(([id, node]) => [id, toOverlay(node)] as const);
    target.show(executionId, Object.fromEntries(nodes), state.inputs);
  } else if (last.nodes !== state.nodes) {
    const changes: Record<string, NodeOverlay> = {};
    for (const [id, node] of state.nodes) {
      if (last.nodes.get(id) !== node) changes[id] = toOverlay(node);
    }
    target.update(changes);
  }
}
