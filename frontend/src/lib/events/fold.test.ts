/** What the golden logs do not show: repeats, gaps, traces, snapshots and speed. */
import { describe, expect, it } from "vitest";
import { foldEvent } from "./fold";
import { newFolding, snapshot, type Folding } from "./state";
import type { EventData, EventType, ExecutionEvent } from "./types";
import { NO_USAGE } from "./usage";

/** A log that numbers its events; `node` is the node of those that follow. */
function log() {
  let seq = 0;
  return <Type extends EventType>(type: Type, data: EventData[Type], node: string | null = "ask") =>
    ({
      seq: (seq += 1),
      execution_id: "x",
      type,
      node_id: type.startsWith("execution_") ? null : node,
      timestamp: new Date(Date.UTC(2026, 0, 1) + seq * 1000).toISOString(),
      data,
    }) as ExecutionEvent;
}

function started(): { state: Folding; event: ReturnType<typeof log> } {
  const state = newFolding(["in", "ask"]);
  const event = log();
  foldEvent(state, event("execution_queued", { flow_id: null, version: null, inputs: {} }));
  foldEvent(state, event("execution_started", { epoch: 1 }));
  foldEvent(state, event("node_started", { attempt: 1, input: null }));
  return { state, event };
}

const call = { call_id: "c1", provider: "demo", model: "small" };
const usage = { ...NO_USAGE, total_tokens: 7, cost_usd: 0.1, llm_calls: 1 };
const answer = { text: "Hi", tool_calls: [], finish_reason: "stop", duration_ms: 5, priced: true };

describe("order", () => {
  it("takes an event once", () => {
    const { state, event } = started();
    const token = event("llm_token", { call_id: "c1", text: "a" });
    expect(foldEvent(state, token)).toBe("applied");
    expect(foldEvent(state, token)).toBe("stale");
    expect(String(state.nodes.get("ask")?.text)).toBe("a");
    expect(state.events).toHaveLength(4);
  });

  it("takes a node that is told twice to have started for one attempt", () => {
    const { state, event } = started();
    foldEvent(state, event("node_started", { attempt: 1, input: null, iterations: 2 }));
    const node = state.nodes.get("ask");
    expect(node).toMatchObject({ status: "running", iterations: 2 });
    expect(node?.attempts).toHaveLength(1);
    foldEvent(state, event("node_started", { attempt: 1, input: 1 }, "ask[0]"));
    expect(state.nodes.get("ask[0]")?.attempts).toHaveLength(1);
  });

  it("reports a gap and changes nothing, unless the gap is allowed", () => {
    const { state, event } = started();
    event("llm_token", { call_id: "c1", text: "lost" });
    const next = event("llm_token", { call_id: "c1", text: "kept" });
    expect(foldEvent(state, next)).toBe("gap");
    expect(state.seq).toBe(3);
    expect(foldEvent(state, next, { allowGap: true })).toBe("applied");
    expect(state).toMatchObject({ seq: 5, missing: 1 });
  });

  it("changes nothing after the end, and ignores types it does not know", () => {
    const { state, event } = started();
    foldEvent(state, event("future_type" as EventType, {} as never));
    foldEvent(state, event("execution_cancelled", { reason: null, usage: NO_USAGE }));
    foldEvent(state, event("node_completed", { attempt: 1, output: 1, handle: null, usage }));
    expect(state.nodes.get("ask")).toMatchObject({ status: "cancelled", output: null });
    expect(state).toMatchObject({ status: "cancelled", seq: 6 });
  });
});

describe("trace", () => {
  it("keeps the text of each call and of the node's latest attempt", () => {
    const { state, event } = started();
    const error = { kind: "upstream", code: "x", message: "y" } as const;
    foldEvent(state, event("llm_started", { ...call, agent: "Cook", messages: ["m"] }));
    foldEvent(state, event("llm_token", { call_id: "c1", text: "one" }));
    foldEvent(
      state,
      event("node_retrying", { attempt: 1, error, retry_at: "2026-01-01T00:00:09Z", usage }),
    );
    foldEvent(state, event("node_started", { attempt: 2, input: null }));
    foldEvent(state, event("llm_token", { call_id: "c2", text: "two" }));
    foldEvent(state, event("llm_token", { call_id: "c3", text: "three" }));
    const node = state.nodes.get("ask");
    expect(node?.calls.map(({ text, status, agent }) => [String(text), status, agent])).toEqual([
      ["one", "cancelled", "Cook"],
      ["two", "running", null],
      ["three", "running", null],
    ]);
    expect(String(node?.text)).toBe("two\n\nthree");
    expect(node?.attempts.map(({ status }) => status)).toEqual(["failed", "running"]);
  });

  it("shows an answer that was not streamed, and what it used before the node is done", () => {
    const { state, event } = started();
    foldEvent(state, event("llm_started", { ...call, agent: null, messages: [] }));
    foldEvent(state, event("llm_completed", { ...call, ...answer, usage }));
    const node = state.nodes.get("ask");
    expect(String(node?.text)).toBe("Hi");
    expect(node).toMatchObject({ pending_usage: usage, usage: NO_USAGE });
    foldEvent(state, event("node_completed", { attempt: 1, output: "Hi", handle: null, usage }));
    expect(node).toMatchObject({ pending_usage: NO_USAGE, usage });
  });

  it("keeps tools, tasks, failovers and log lines", () => {
    const { state, event } = started();
    const tool = { call_id: "t1", tool: "search" };
    const error = { kind: "user", code: "no", message: "No." } as const;
    const hop = { call_id: "c1", from_provider: "demo", to_provider: "other", reason: "429" };
    foldEvent(state, event("task_started", { task: "research", agent: "Cook" }));
    foldEvent(state, event("llm_started", { ...call, agent: null, messages: [] }));
    foldEvent(state, event("llm_failover", hop));
    foldEvent(state, event("tool_started", { ...tool, agent: null, arguments: { q: 1 } }));
    foldEvent(state, event("tool_output", { call_id: "t1", text: "one\n" }));
    foldEvent(state, event("tool_output", { call_id: "t1", text: "two\n" }));
    const ended = { error, duration_ms: 3, tier: "wasm", exceeded: null };
    foldEvent(state, event("tool_failed", { ...tool, ...ended }));
    foldEvent(state, event("task_completed", { task: "research", agent: "Cook", output: "ok" }));
    foldEvent(state, event("log", { level: "info", message: "here", details: {} }));
    foldEvent(state, event("log", { level: "error", message: "there", details: {} }, null));
    const node = state.nodes.get("ask");
    expect(node?.tools).toMatchObject([{ status: "failed", arguments: { q: 1 }, error }]);
    expect(node?.tasks).toMatchObject([{ status: "completed", output: "ok" }]);
    expect(node?.calls[0]).toMatchObject({ provider: "other", failovers: [{ reason: "429" }] });
    expect(node?.logs).toMatchObject([{ message: "here" }]);
    expect(state.logs).toMatchObject([{ message: "there" }]);
  });
});

describe("snapshots", () => {
  it("keep nodes that did not change, and do not change afterwards", () => {
    const { state, event } = started();
    const first = snapshot(state, null);
    foldEvent(state, event("llm_started", { ...call, agent: null, messages: [] }));
    const second = snapshot(state, first);
    expect(second.nodes.get("in")).toBe(first.nodes.get("in"));
    expect(second.nodes.get("ask")).not.toBe(first.nodes.get("ask"));
    expect(first.nodes.get("ask")?.calls).toEqual([]);
    expect(snapshot(state, second).nodes).toBe(second.nodes);
    foldEvent(state, event("node_completed", { attempt: 1, output: 1, handle: null, usage }));
    expect(second.nodes.get("ask")?.status).toBe("running");
  });
});

it("folds the last of many events as fast as the first", () => {
  const { state, event } = started();
  const time = (count: number) => {
    const tokens = Array.from({ length: count }, () =>
      event("llm_token", { call_id: "c1", text: "0123456789".repeat(10) }),
    );
    const begin = performance.now();
    for (const token of tokens) foldEvent(state, token);
    return (performance.now() - begin) / count;
  };
  // The fastest of some: what else the machine does is in the others.
  const best = () => Math.min(...[1, 2, 3, 4, 5].map(() => time(4_000)));
  time(20_000);
  const early = best();
  time(100_000);
  const late = best();
  expect(state.nodes.get("ask")?.text.length).toBe(160_000 * 100);
  // Quadratic work would be tens of times slower by now.
  expect(late).toBeLessThan(Math.max(early * 8, 0.05));
});
