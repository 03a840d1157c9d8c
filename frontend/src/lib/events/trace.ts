/** Folding the trace: what a node's models, tools and tasks did on the way. */
import { touch, type Folding, type LlmCall, type NodeState, type ToolCall } from "./state";
import { GrowingText } from "./text";
import type { ExecutionEvent, TraceData } from "./types";
import { addUsage } from "./usage";

/** Changes `state` by an event of the trace; types this version does not know change nothing. */
export function foldTrace(state: Folding, event: ExecutionEvent): void {
  const { node_id: id, timestamp: at } = event;
  if (event.type === "log") {
    const line = { seq: event.seq, timestamp: at, ...event.data };
    (id === null ? state.logs : touch(state, id).logs).push(line);
    return;
  }
  const handler = (TRACE as Record<string, TraceHandler<never> | undefined>)[event.type];
  if (id !== null && handler) handler(touch(state, id), event.data as never, at);
}

type TraceHandler<Data> = (node: NodeState, data: Data, at: string) => void;

const TRACE: { [Type in Exclude<keyof TraceData, "log">]: TraceHandler<TraceData[Type]> } = {
  task_started(node, { task, agent }, at) {
    const { attempt } = node;
    const started = { task, agent, attempt, started_at: at, finished_at: null, output: null };
    node.tasks.push({ ...started, status: "running" });
  },
  task_completed(node, { task, output }, at) {
    const index = node.tasks.findLastIndex(
      (started) => started.task === task && started.status === "running",
    );
    const started = node.tasks[index];
    if (started) node.tasks[index] = { ...started, status: "completed", finished_at: at, output };
  },
  llm_started(node, { call_id, provider, model, agent, messages }, at) {
    change(node, call_id, at, () => ({ provider, model, agent, messages }));
  },
  llm_token(node, { call_id, text }, at) {
    change(node, call_id, at, (call) => {
      call.text.append(text);
      return {};
    });
    stream(node, call_id, text);
  },
  llm_completed(node, data, at) {
    const { call_id, usage, text, provider, model, tool_calls, finish_reason } = data;
    const { duration_ms, priced } = data;
    change(node, call_id, at, (call) => {
      // Nothing was streamed: the answer comes whole.
      if (call.text.length === 0) {
        call.text.append(text);
        stream(node, call_id, text);
      }
      const ended = { status: "completed" as const, duration_ms, usage, priced };
      return { ...ended, provider, model, tool_calls, finish_reason };
    });
    node.pending_usage = addUsage(node.pending_usage, usage);
  },
  llm_failed(node, { call_id, error, duration_ms, provider, model }, at) {
    const failed = { status: "failed" as const, error, duration_ms, provider, model };
    change(node, call_id, at, () => failed);
  },
  llm_failover(node, { call_id, from_provider: from, to_provider: to, reason }, at) {
    change(node, call_id, at, (call) => ({
      failovers: [...call.failovers, { from, to, reason }],
      provider: to,
    }));
  },
  tool_started(node, { call_id, tool, agent, arguments: given }, at) {
    node.tools.push({ ...newTool(node, call_id, tool, at), agent, arguments: given });
  },
  tool_output(node, { call_id, text }, at) {
    changeTool(node, call_id, "", at, (call) => {
      call.printed.append(text);
      return {};
    });
  },
  tool_completed(node, { call_id, tool, output, duration_ms, tier = null }, at) {
    const ended = { status: "completed" as const, output, duration_ms, tier };
    changeTool(node, call_id, tool, at, () => ended);
  },
  tool_failed(node, { call_id, tool, error, duration_ms, tier = null }, at) {
    const ended = { status: "failed" as const, error, duration_ms, tier };
    changeTool(node, call_id, tool, at, () => ended);
  },
};

/** Replaces the call by a changed one; the trace may have lost its beginning, so it may be new. */
function change(
  node: NodeState,
  callId: string,
  at: string,
  changes: (call: LlmCall) => Partial<LlmCall>,
): void {
  // Calls that change are among the last ones.
  const found = node.calls.findLastIndex((call) => call.call_id === callId);
  const index = found === -1 ? node.calls.length : found;
  const call = node.calls[index] ?? newCall(node, callId, at);
  node.calls[index] = { ...call, ...changes(call) };
}

function newCall(node: NodeState, callId: string, at: string): LlmCall {
  return {
    call_id: callId,
    attempt: node.attempt,
    status: "running",
    provider: "",
    model: "",
    agent: null,
    started_at: at,
    duration_ms: null,
    messages: [],
    text: new GrowingText(),
    tool_calls: [],
    finish_reason: null,
    usage: null,
    priced: true,
    error: null,
    failovers: [],
  };
}

/** Texts of several calls follow each other with an empty line between. */
function stream(node: NodeState, callId: string, text: string): void {
  if (text === "") return;
  if (node.text_call !== callId && node.text.length > 0) node.text.append("\n\n");
  node.text_call = callId;
  node.text.append(text);
}

function newTool(node: NodeState, callId: string, tool: string, at: string): ToolCall {
  return {
    call_id: callId,
    attempt: node.attempt,
    status: "running",
    tool,
    agent: null,
    started_at: at,
    duration_ms: null,
    arguments: null,
    printed: new GrowingText(),
    output: null,
    error: null,
    tier: null,
  };
}

/** Replaces the call by a changed one; the trace may have lost its beginning, so it may be new. */
function changeTool(
  node: NodeState,
  callId: string,
  tool: string,
  at: string,
  changes: (call: ToolCall) => Partial<ToolCall>,
): void {
  const found = node.tools.findLastIndex((call) => call.call_id === callId);
  const index = found === -1 ? node.tools.length : found;
  const call = node.tools[index] ?? newTool(node, callId, tool, at);
  node.tools[index] = { ...call, tool: call.tool || tool, ...changes(call) };
}
