/** A canvas is told of an execution once as a whole, then only of the nodes that changed. */
import { expect, it, vi } from "vitest";
import { foldEvent } from "./fold";
import { feedOverlay } from "./overlay";
import { newFolding, snapshot } from "./state";
import type { ExecutionEvent } from "./types";

const base = { execution_id: "execution", timestamp: "2026-01-01T00:00:01Z" };

it("feeds what changed", () => {
  const target = { show: vi.fn(), update: vi.fn(), clear: vi.fn() };
  const folding = newFolding(["in", "ask"]);
  let last = snapshot(folding, null);
  feedOverlay(target, "execution", last, null);
  expect(target.show).toHaveBeenCalledOnce();
  const events = [
    { ...base, seq: 1, type: "execution_queued", node_id: null, data: { inputs: { topic: "x" } } },
    { ...base, seq: 2, type: "node_started", node_id: "ask", data: { attempt: 1, input: "p" } },
    { ...base, seq: 3, type: "llm_token", node_id: "ask", data: { call_id: "c", text: "Hi" } },
  ] as ExecutionEvent[];
  for (const event of events) {
    foldEvent(folding, event);
    const next = snapshot(folding, last);
    feedOverlay(target, "execution", next, last);
    last = next;
  }
  expect(target.show).toHaveBeenCalledTimes(2);
  expect(target.show).toHaveBeenLastCalledWith("execution", expect.anything(), { topic: "x" });
  const shown = { status: "running", startedAt: base.timestamp, text: "Hi", input: "p" };
  expect(target.update).toHaveBeenCalledTimes(2);
  expect(target.update).toHaveBeenLastCalledWith({ ask: expect.objectContaining(shown) });
});
