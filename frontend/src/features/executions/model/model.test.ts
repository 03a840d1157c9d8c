/** What the views of an execution show: order of nodes, bars on the axis, ways to read a value, filters. */
import { describe, expect, it } from "vitest";
import { foldEvent, newFolding, snapshot, type ExecutionEvent } from "@/lib/events";
import { eventLine, eventsBefore, matches } from "./event-line";
import { outline } from "./outline";
import { progressOf, readingsOf, itemInFocus, usageSoFar } from "./reading";
import { axisOf, innerBars, nodeBars, presentOf, ticksOf } from "./timeline";
import { adviceFor } from "./advice";

const T0 = Date.UTC(2026, 0, 1);
const usage = {
  prompt_tokens: 1,
  completion_tokens: 2,
  total_tokens: 3,
  cost_usd: 0.5,
  llm_calls: 1,
};
const error = { kind: "upstream", code: "x", message: "It was busy." };

/** Each entry: seconds from the beginning, type, node, data. */
function folded(...entries: [number, string, string | null, object][]) {
  const state = newFolding(["in", "ask", "out"]);
  entries.forEach(([second, type, node_id, data], index) => {
    const timestamp = new Date(T0 + second * 1000).toISOString();
    const event = { seq: index + 1, execution_id: "x", type, node_id, timestamp, data };
    foldEvent(state, event as ExecutionEvent);
  });
  return snapshot(state, null);
}

const retried = () =>
  folded(
    [0, "execution_queued", null, { inputs: {} }],
    [0, "execution_started", null, { epoch: 1 }],
    [0, "node_started", "ask", { attempt: 1, input: null }],
    [0, "llm_started", "ask", { call_id: "c", provider: "p", model: "m", messages: [] }],
    [2, "node_retrying", "ask", { attempt: 1, error, retry_at: "", usage }],
    [4, "node_started", "ask", { attempt: 2, input: null }],
    [5, "llm_completed", "ask", { call_id: "d", text: "t", duration_ms: 900, usage, model: "m" }],
  );

describe("outline", () => {
  it("puts nodes after those that lead to them and names them", () => {
    const nodes = ["out", "b", "a", "in"].map((id) => ({ id, type: "llm", label: `Node ${id}` }));
    const pairs: [string, string][] = [
      ["in", "a"],
      ["in", "b"],
      ["a", "out"],
      ["b", "out"],
    ];
    const edges = pairs.map(([source, target]) => ({ id: source + target, source, target }));
    const items = outline({ nodes: [...nodes, { id: "lost", type: "llm" }], edges });
    expect(items.map(({ id }) => id)).toEqual(["in", "lost", "a", "b", "out"]);
    expect(items[0]?.name).toBe("Node in");
    expect(items[1]?.name).toBe("lost");
  });
});

describe("timeline", () => {
  it("shows attempts, the wait between them, and what still runs up to now", () => {
    const state = retried();
    const now = T0 + 8000;
    const node = state.nodes.get("ask");
    if (!node) throw new Error("no node");
    const bars = nodeBars(node, axisOf(state, now), now);
    expect(bars.map(({ status, left, width }) => [status, left, width])).toEqual([
      ["failed", 0, 25],
      ["waiting", 25, 25],
      ["running", 50, 50],
    ]);
    expect(bars[0]?.label).toBe("Attempt 1: It was busy.");
  });

  it("is never behind the last event", () => {
    const state = retried();
    expect(presentOf(state, T0)).toBe(T0 + 5000);
    expect(presentOf(state, T0 + 6000)).toBe(T0 + 6000);
  });

  it("ends the calls of an attempt with the attempt", () => {
    const state = retried();
    const node = state.nodes.get("ask");
    if (!node) throw new Error("no node");
    const bars = innerBars(node, axisOf(state, T0 + 8000), T0 + 8000);
    expect(bars.map(({ status }) => status)).toEqual(["cancelled", "completed"]);
    expect(bars[0]).toMatchObject({ ms: 2000 });
  });

  it.each([500, 900, 7300, 61_000, 250_000, 7_200_000])(
    "has few round ticks over %d ms",
    (span) => {
      const ticks = ticksOf({ begin: 0, span });
      expect(ticks.length).toBeGreaterThan(1);
      expect(ticks.length).toBeLessThan(9);
      expect(ticks.at(-1)).toBeLessThanOrEqual(span);
    },
  );
});

describe("reading", () => {
  it("fits the value", () => {
    expect(readingsOf("# Hi")).toEqual(["markdown", "text"]);
    expect(readingsOf([{ a: 1 }, { b: "x" }])[0]).toBe("table");
    expect(readingsOf([{ a: { b: 1 } }])[0]).toBe("tree");
    expect(readingsOf([])[0]).toBe("tree");
    expect(readingsOf(3)).toEqual(["text"]);
  });

  it("adds what answered calls of a running attempt used", () => {
    expect(usageSoFar(retried())).toMatchObject({ total_tokens: 6, cost_usd: 1, llm_calls: 2 });
  });

  it("looks at the node that failed or runs, then at the last where a model spoke", () => {
    const state = retried();
    expect(itemInFocus(state)).toBe("ask");
    expect(progressOf(state)).toEqual({ done: 0, total: 3 });
    const done = folded(
      [1, "node_started", "ask", { attempt: 1, input: null }],
      [1, "llm_token", "ask", { call_id: "c", text: "Hi" }],
      [2, "node_completed", "ask", { attempt: 1, output: "Hi", handle: null, usage }],
      [3, "node_started", "out", { attempt: 1, input: null }],
      [3, "node_completed", "out", { attempt: 1, output: {}, handle: null, usage }],
    );
    expect(itemInFocus(done)).toBe("ask");
    expect(itemInFocus(folded())).toBeNull();
  });
});

describe("events", () => {
  const event = (type: string, node_id: string | null, data: object) =>
    ({ seq: 1, execution_id: "x", timestamp: "", type, node_id, data }) as ExecutionEvent;
  const all = { group: null, nodeId: null, tokens: false };

  it("are filtered by kind and node, streamed text apart", () => {
    const token = event("llm_token", "ask", { call_id: "c", text: "a" });
    expect(matches(token, all)).toBe(false);
    expect(matches(token, { ...all, tokens: true })).toBe(true);
    expect(matches(token, { group: "llm", nodeId: "in", tokens: true })).toBe(false);
    expect(matches(event("node_skipped", "in", {}), { ...all, group: "node" })).toBe(true);
  });

  it("say what happened in a line", () => {
    expect(eventLine(event("node_retrying", "a", { attempt: 1, error }))).toBe(
      "attempt 1 failed: It was busy.",
    );
    expect(eventLine(event("node_completed", "a", { handle: "long" }))).toBe("to “long”");
    expect(eventLine(event("something_new", "a", {}))).toBe("");
  });

  it("say why an execution starts or goes on a second time", () => {
    const told = (
      [
        ["execution_started", { epoch: 1 }],
        ["node_started", { attempt: 1 }],
        ["execution_resumed", { epoch: 2, interrupted: ["a"] }],
        ["execution_waiting", { reason: "waiting", until: null }],
        ["execution_resumed", { epoch: 3, interrupted: [] }],
        ["execution_failed", { error }],
        ["execution_resumed", { epoch: 3, interrupted: [] }],
        ["execution_resumed", { epoch: 4, interrupted: [] }],
        ["execution_started", { epoch: 5 }],
      ] as const
    ).map(([type, data], index) => ({
      ...event(type, type === "node_started" ? "a" : null, data),
      seq: index + 1,
    })) as ExecutionEvent[];
    const before = eventsBefore(told);
    expect(told.map((one) => eventLine(one, before.get(one.seq)))).toEqual([
      "",
      "",
      "taken by a worker (claim 2); runs again: a",
      "for an answer",
      "continues after waiting",
      "It was busy.",
      "resumed by a person",
      "taken by a worker (claim 4)",
      "taken by a worker (claim 5)",
    ]);
  });
});

describe("advice", () => {
  const advice = (kind: "limit" | "user", code: string) => adviceFor({ kind, code, message: "" });

  it.each(["computation_limit", "too_many_iterations", "answer_too_large", "output_too_large"])(
    "for the limit %s is of its own",
    (code) => expect(advice("limit", code)).not.toBe(advice("limit", "rate_limited")),
  );
  it("goes by the kind where the code is of another one", () => {
    expect(advice("user", "answer_too_large")).toBe(advice("user", "other"));
  });
});
