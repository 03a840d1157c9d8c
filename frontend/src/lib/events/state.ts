/** The state of an execution as its events tell it, with the trace of how each node got there. */
import { GrowingText } from "./text";
import type {
  ExecutionEvent,
  ExecutionFailure,
  ExecutionStatus,
  Json,
  LogLevel,
  NodeFailure,
  NodeStatus,
  Origin,
  Usage,
} from "./types";
import { NO_USAGE } from "./usage";
import { NEVER, type Waited } from "./waited";

/** One try of a node; the timeline draws a bar for each. */
export type Attempt = {
  attempt: number;
  status: "running" | "completed" | "failed" | "cancelled";
  started_at: string;
  finished_at: string | null;
  /** Since when it has waited for a time or a person. */
  waits_from: string | null;
  error: NodeFailure | null;
};

export type LlmCall = {
  call_id: string;
  attempt: number;
  status: "running" | "completed" | "failed" | "cancelled";
  provider: string;
  model: string;
  agent: string | null;
  started_at: string;
  duration_ms: number | null;
  messages: Json[];
  text: GrowingText;
  tool_calls: Json[];
  finish_reason: string | null;
  usage: Usage | null;
  /** False: no price is known for the model, so the cost is 0. */
  priced: boolean;
  error: NodeFailure | null;
  failovers: { from: string; to: string; reason: string }[];
};

export type ToolCall = {
  call_id: string;
  attempt: number;
  status: "running" | "completed" | "failed" | "cancelled";
  tool: string;
  agent: string | null;
  started_at: string;
  duration_ms: number | null;
  arguments: Json;
  /** What it printed. */
  printed: GrowingText;
  output: Json;
  error: NodeFailure | null;
  /** The sandbox it ran in. */
  tier: string | null;
};

export type TaskState = {
  task: string;
  agent: string;
  attempt: number;
  status: "running" | "completed" | "cancelled";
  started_at: string;
  finished_at: string | null;
  output: Json;
};

export type LogLine = {
  seq: number;
  timestamp: string;
  level: LogLevel;
  message: string;
  details: Record<string, Json>;
};

export type NodeState = {
  status: NodeStatus;
  attempt: number;
  input: Json;
  output: Json;
  handle: string | null;
  error: NodeFailure | null;
  started_at: string | null;
  finished_at: string | null;
  /** When it goes on: the next attempt, or the end of a wait. */
  retry_at: string | null;
  /** What a person is asked. */
  request: Record<string, Json> | null;
  /** How many iterations there can be; null for a node without a body. */
  iterations: number | null;
  /** How many of them are over, and how many of those failed. */
  iterationCounts: { over: number; failed: number };
  usage: Usage;
  /** What answered calls of the attempt in flight used; not yet part of `usage`. */
  pending_usage: Usage;
  attempts: Attempt[];
  /** Streamed text of the latest attempt. */
  text: GrowingText;
  /** The call whose text came last. */
  text_call: string | null;
  calls: LlmCall[];
  tools: ToolCall[];
  tasks: TaskState[];
  logs: LogLine[];
};

export type ExecutionState = {
  status: ExecutionStatus;
  seq: number;
  inputs: Record<string, Json>;
  outputs: Record<string, Json> | null;
  error: ExecutionFailure | null;
  usage: Usage;
  queued_at: string | null;
  started_at: string | null;
  finished_at: string | null;
  /** Since it started: for a person or a time, while it was paused, and from its failure until it went on. */
  waited: Waited;
  /** A person has stopped it for a while. */
  paused: boolean;
  forked_from: Origin | null;
  /** By path: `ask` in the flow, `each[3].ask` in the fourth iteration of `each`, `each[3]` is that itself. */
  nodes: ReadonlyMap<string, NodeState>;
  /** Lines that belong to no node. */
  logs: LogLine[];
  /** In order; only ever appended to, `event_count` tells how many this snapshot has. */
  events: readonly ExecutionEvent[];
  event_count: number;
  /** Events that the server no longer has. */
  missing: number;
};

/** What `foldEvent` works on, in place; views get the snapshots of it. */
export type Folding = Omit<ExecutionState, "nodes" | "events"> & {
  nodes: Map<string, NodeState>;
  events: ExecutionEvent[];
  /** In flight, by path; these three as in the server's fold. */
  running: Set<string>;
  retrying: Set<string>;
  waiting: Set<string>;
  /** Nodes that run a body, with the paths of their open iterations. */
  iterating: Map<string, Set<string>>;
  /** What can go on when the execution is resumed: nodes that were stopped, and those that failed. */
  halted: Set<string>;
  failed: Set<string>;
  /** Nodes changed since the last snapshot. */
  touched: Set<string>;
};

function newNode(): NodeState {
  return {
    status: "pending",
    attempt: 0,
    input: null,
    output: null,
    handle: null,
    error: null,
    started_at: null,
    finished_at: null,
    retry_at: null,
    request: null,
    iterations: null,
    iterationCounts: { over: 0, failed: 0 },
    usage: NO_USAGE,
    pending_usage: NO_USAGE,
    attempts: [],
    text: new GrowingText(),
    text_call: null,
    calls: [],
    tools: [],
    tasks: [],
    logs: [],
  };
}

/** Before the first event; nodes that are not named appear with their first event. */
export function newFolding(nodeIds: Iterable<string> = []): Folding {
  return {
    status: "pending",
    seq: 0,
    inputs: {},
    outputs: null,
    error: null,
    usage: NO_USAGE,
    queued_at: null,
    started_at: null,
    finished_at: null,
    waited: NEVER,
    paused: false,
    forked_from: null,
    nodes: new Map([...nodeIds].map((id) => [id, newNode()])),
    logs: [],
    events: [],
    event_count: 0,
    missing: 0,
    running: new Set(),
    retrying: new Set(),
    waiting: new Set(),
    iterating: new Map(),
    halted: new Set(),
    failed: new Set(),
    touched: new Set(),
  };
}

/** The node, to be changed; marks it as touched. */
export function touch(state: Folding, id: string): NodeState {
  let node = state.nodes.get(id);
  if (node === undefined) state.nodes.set(id, (node = newNode()));
  state.touched.add(id);
  return node;
}

/**
 * A value for views: nodes that did not change since the last snapshot keep their identity,
 * and later folding does not change anything in it but the growing texts and the event list.
 */
export function snapshot(state: Folding, last: ExecutionState | null): ExecutionState {
  const nodes = state.touched.size > 0 || last === null ? copyNodes(state, last) : last.nodes;
  return {
    status: state.status,
    seq: state.seq,
    inputs: state.inputs,
    outputs: state.outputs,
    error: state.error,
    usage: state.usage,
    queued_at: state.queued_at,
    started_at: state.started_at,
    finished_at: state.finished_at,
    waited: state.waited,
    paused: state.paused,
    forked_from: state.forked_from,
    nodes,
    logs: last?.logs.length === state.logs.length ? last.logs : [...state.logs],
    events: state.events,
    event_count: state.events.length,
    missing: state.missing,
  };
}

function copyNodes(state: Folding, last: ExecutionState | null): Map<string, NodeState> {
  const nodes = new Map(last?.nodes);
  for (const [id, node] of state.nodes) {
    if (state.touched.has(id) || !nodes.has(id)) nodes.set(id, copyNode(node));
  }
  // A node that runs its body again forgets what its iterations did.
  if (nodes.size > state.nodes.size) {
    for (const id of nodes.keys()) if (!state.nodes.has(id)) nodes.delete(id);
  }
  state.touched.clear();
  return nodes;
}

function copyNode(node: NodeState): NodeState {
  return {
    ...node,
    attempts: [...node.attempts],
    calls: [...node.calls],
    tools: [...node.tools],
    tasks: [...node.tasks],
    logs: [...node.logs],
  };
}
