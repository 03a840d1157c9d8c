/** An execution shown over the canvas: one entry per node, in a store of its own so that tokens wake one node. */
import { createStore } from "zustand/vanilla";
import type { NodeOverlay, OverlayTarget } from "@/lib/events";
import { ERROR_HANDLE, handleOf, type FlowEdge } from "./definition";

/** The execution that is shown, its nodes by path. `useExecutionOverlay` of lib/events feeds it: show, update, clear. */
export type OverlayState = OverlayTarget & {
  /** The execution that is shown; null for none. */
  executionId: string | null;
  inputs: Record<string, unknown> | null;
  nodes: Readonly<Record<string, NodeOverlay>>;
};

export type OverlayStore = ReturnType<typeof createOverlayStore>;

/** One store per open editor; read it with a selector per node. */
export function createOverlayStore() {
  return createStore<OverlayState>()((set) => ({
    executionId: null,
    inputs: null,
    nodes: {},
    show: (executionId, nodes, inputs) => set({ executionId, nodes, inputs }),
    update: (changes) => set(({ nodes }) => ({ nodes: { ...nodes, ...changes } })),
    clear: () => set({ executionId: null, inputs: null, nodes: {} }),
  }));
}

export type EdgeState = "idle" | "taken" | "flowing";

/** Whether the execution went along an edge, and whether its target is working on that now. */
export function edgeState(
  edge: FlowEdge,
  source: NodeOverlay | undefined,
  target: NodeOverlay | undefined,
): EdgeState {
  const done = source?.status === "completed";
  const caught = source?.status === "failed" && source.handle === ERROR_HANDLE;
  if (!source || !(done || caught) || source.handle !== handleOf(edge)) return "idle";
  const status = target?.status ?? "pending";
  if (status === "running" || status === "waiting") return "flowing";
  return status === "skipped" ? "idle" : "taken";
}
