/** An execution that waits for a person is not at work for hours. */
import { describe, expect, it } from "vitest";
import { foldEvent } from "./fold";
import { newFolding } from "./state";
import type { ExecutionEvent } from "./types";
import { NEVER, spentOf, waitedOf } from "./waited";

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString();

/** Events by the second they happened in. */
function fold(...told: [seconds: number, type: string, data?: object, node?: string][]) {
  const state = newFolding(["ask"]);
  told.forEach(([seconds, type, data = {}, node_id = null], index) => {
    const event = { seq: index + 1, type, node_id, timestamp: at(seconds), data };
    foldEvent(state, event as unknown as ExecutionEvent);
  });
  return state;
}

const usage = { total_tokens: 0, llm_calls: 0, cost_usd: 0 };
const error = { kind: "upstream", code: "x", message: "x" };
const QUEUED = [0, "execution_queued", { inputs: {} }] as [number, string, object];
const STARTED = [10, "execution_started"] as [number, string];

describe("an execution", () => {
  it("has waited for an answer, and then worked on", () => {
    const waiting = fold(QUEUED, STARTED, [12, "execution_waiting", { reason: "waiting" }]);
    expect(spentOf(at(10), null, waiting.waited, Date.parse(at(3612)))).toEqual({
      workMs: 2000,
      waitedMs: 3_600_000,
    });
    const done = fold(
      QUEUED,
      STARTED,
      [12, "execution_waiting", { reason: "waiting" }],
      [112, "execution_resumed"],
      [115, "execution_waiting", { reason: "paused" }],
      [125, "execution_resumed"],
      [126, "execution_completed", { outputs: {} }],
    );
    expect(spentOf(at(10), done.finished_at, done.waited, 0)).toEqual({
      workMs: 6000,
      waitedMs: 110_000,
    });
  });

  it("does nothing between its failure and its going on, nor once it is cancelled", () => {
    const state = fold(
      QUEUED,
      STARTED,
      [11, "execution_failed", { error: { ...error, node_id: "ask" } }],
      [1011, "execution_resumed"],
      [1012, "execution_waiting", { reason: "waiting" }],
      [1022, "execution_cancelled"],
    );
    expect(spentOf(at(10), state.finished_at, state.waited, 0)).toEqual({
      workMs: 2000,
      waitedMs: 1_010_000,
    });
  });

  it("that a worker lost and another took up has waited for nobody", () => {
    const state = fold(QUEUED, STARTED, [20, "execution_resumed"]);
    expect(state.waited).toEqual(NEVER);
  });
});

describe("a node", () => {
  const spent = (seconds: number, ...told: Parameters<typeof fold>) => {
    const node = fold(QUEUED, STARTED, ...told).nodes.get("ask")!;
    return spentOf(node.started_at!, node.finished_at, waitedOf(node), Date.parse(at(seconds)));
  };
  const start = (seconds: number, attempt = 1) =>
    [seconds, "node_started", { attempt, input: null }, "ask"] as [number, string, object, string];
  const asks = [11, "node_waiting", { until: null, request: {} }, "ask"] as [
    number,
    string,
    object,
    string,
  ];

  it("waits for a person", () => {
    expect(spent(71, start(10), asks)).toEqual({ workMs: 1000, waitedMs: 60_000 });
    const answered = [71, "node_completed", { output: 1, handle: null, usage }, "ask"] as const;
    expect(spent(500, start(10), asks, [...answered])).toEqual({ workMs: 1000, waitedMs: 60_000 });
  });

  it("waits between its attempts", () => {
    const failed = [12, "node_retrying", { error, retry_at: at(42), usage }, "ask"] as const;
    expect(spent(32, start(10), [...failed])).toEqual({ workMs: 2000, waitedMs: 20_000 });
    expect(spent(45, start(10), [...failed], start(42, 2))).toEqual({
      workMs: 5000,
      waitedMs: 30_000,
    });
  });
});
