/** Every event of an execution, as the server sends it: one envelope and one data shape per type. */
import { parseAnswer } from "../json";

/** A bigint is a whole number that JavaScript's own would round. */
export type Json = null | boolean | number | bigint | string | Json[] | { [key: string]: Json };

export type ExecutionStatus =
  "pending" | "running" | "waiting" | "completed" | "failed" | "cancelled";
export type NodeStatus = ExecutionStatus | "skipped";

/** Whose fault a failure is. */
export type ErrorKind = "user" | "upstream" | "timeout" | "limit" | "bug";

export type NodeFailure = { kind: ErrorKind; code: string; message: string };
export type ExecutionFailure = NodeFailure & { node_id?: string | null };

/** The execution that another was forked from, and the node it begins again at. */
export type Origin = { execution_id: string; from_node: string };

/** Tokens are counts, cost is US dollars, `llm_calls` counts answered calls. */
export type Usage = {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
  /** Part of the prompt's. */
  cached_tokens?: number;
  /** Part of the completion's. */
  reasoning_tokens?: number;
  cost_usd: number;
  llm_calls: number;
};

/** Decides the state of the execution; times are RFC 3339. */
export type JournalData = {
  execution_queued: {
    flow_id: string | null;
    version: number | null;
    inputs: Record<string, Json>;
    forked_from?: Origin | null;
  };
  execution_started: { epoch: number };
  execution_waiting: { reason?: "paused" | "waiting"; until: string | null };
  execution_resumed: { epoch: number; interrupted: string[] };
  execution_completed: { outputs: Record<string, Json>; usage: Usage };
  execution_failed: { error: ExecutionFailure; usage: Usage };
  execution_cancelled: { reason: string | null; usage: Usage };
  /** A node that runs a body says how many `iterations` there can be. */
  node_started: { attempt: number; input: Json; iterations?: number | null };
  node_completed: { attempt: number; output: Json; handle: string | null; usage: Usage };
  node_failed: {
    attempt: number;
    error: NodeFailure;
    handled: boolean;
    handle: string | null;
    /** Stands in for the node's own when the flow goes on. */
    output?: Json;
    usage: Usage;
  };
  node_retrying: { attempt: number; error: NodeFailure; retry_at: string; usage: Usage };
  node_skipped: Record<string, never>;
  node_waiting: { until: string | null; request?: Record<string, Json> | null };
};

export type LogLevel = "debug" | "info" | "warning" | "error";

/** Tells how a node got there; losing it loses no state. */
export type TraceData = {
  task_started: { task: string; agent: string };
  task_completed: { task: string; agent: string; output: Json };
  llm_started: {
    call_id: string;
    provider: string;
    model: string;
    agent: string | null;
    messages: Json[];
  };
  llm_token: { call_id: string; text: string };
  llm_completed: {
    call_id: string;
    provider: string;
    model: string;
    text: string;
    tool_calls: Json[];
    finish_reason: string | null;
    duration_ms: number;
    usage: Usage;
    priced: boolean;
  };
  llm_failed: {
    call_id: string;
    provider: string;
    model: string;
    error: NodeFailure;
    duration_ms: number;
  };
  llm_failover: { call_id: string; from_provider: string; to_provider: string; reason: string };
  tool_started: { call_id: string; tool: string; agent: string | null; arguments: Json };
  tool_output: { call_id: string; text: string };
  tool_completed: {
    call_id: string;
    tool: string;
    output: Json;
    duration_ms: number;
    tier: string | null;
  };
  tool_failed: {
    call_id: string;
    tool: string;
    error: NodeFailure;
    duration_ms: number;
    tier: string | null;
    exceeded: string | null;
  };
  log: { level: LogLevel; message: string; details: Record<string, Json> };
};

export type EventData = JournalData & TraceData;
export type EventType = keyof EventData;

type Envelope<Type extends EventType> = {
  /** Rises by one from 1. */
  seq: number;
  execution_id: string;
  type: Type;
  node_id: string | null;
  timestamp: string;
  data: EventData[Type];
};

/** Narrow by `type` to get the typed `data`. */
export type ExecutionEvent = { [Type in EventType]: Envelope<Type> }[EventType];

const finalStatuses: ReadonlySet<string> = new Set(["completed", "failed", "cancelled"]);

/** Whether nothing can happen to the execution any more. */
export function isFinal(status: ExecutionStatus): boolean {
  return finalStatuses.has(status);
}

/** Whether this is the last event of its execution. */
export function isFinalEvent({ type }: Pick<ExecutionEvent, "type">): boolean {
  return (
    type === "execution_completed" || type === "execution_failed" || type === "execution_cancelled"
  );
}

/** Reads one event from the wire. Raises SyntaxError when it is not an envelope. */
export function parseEvent(text: string): ExecutionEvent {
  const value = parseAnswer(text);
  if (typeof value === "object" && value !== null) {
    const { seq, type, data } = value as Record<string, unknown>;
    const fits = Number.isInteger(seq) && typeof type === "string";
    if (fits && typeof data === "object" && data !== null) return value as ExecutionEvent;
  }
  throw new SyntaxError("The server sent something that is not an event.");
}
