/** A run shown over the canvas: one entry per node, in a store of its own so that tokens wake one node. */
import { createStore } from "zustand/vanilla";
import { handleOf, type FlowEdge, ERROR_HANDLE } from "./definition";

export type NodeStatus =
  "pending" | "running" | "waiting" | "completed" | "failed" | "skipped" | "cancelled";

/** How one node fares. Times are RFC 3339, UTC. */
export type NodeRun = {
  status: NodeStatus;
  startedAt: string | null;
  finishedAt: string | null;
  /** What the model has streamed so far. */
  text: string;
  tokens: number | null;
  costUsd: number | null;
  /** Why it failed, as a sentence. */
  error: string | null;
  /** The port that became active; null is the default one. */
  handle: string | null;
  /** What it worked on and what it gave; undefined when not known. */
  input?: unknown;
  output?: unknown;
};

export type RunOverlay = {
  /** The run that is shown; null for none. */
  executionId: string | null;
  inputs: Record<string, unknown> | null;
  nodes: Readonly<Record<string, NodeRun>>;
  /** Begins showing a run, replacing what was shown. */
  show: (
    executionId: string,
    nodes: Record<string, NodeRun>,
    inputs?: Record<string, unknown> | null,
  ) => void;
  /** Changes one node's entry; a node not seen before starts as pending. */
  update: (nodeId: string, change: Partial<NodeRun>) => void;
  /** Adds streamed text to one node. */
  append: (nodeId: string, text: string) => void;
  clear: () => void;
};

export const PENDING: NodeRun = {
  status: "pending",
  startedAt: null,
  finishedAt: null,
  text: "",
  tokens: null,
  costUsd: null,
  error: null,
  handle: null,
};

export type RunOverlayStore = ReturnType<typeof createRunOverlay>;

/** One store per open editor; whoever follows the run's events feeds it. */
export function createRunOverlay() {
  return createStore<RunOverlay>()((set) => {
    const change = (nodeId: string, edit: (run: NodeRun) => Partial<NodeRun>) =>
      set(({ nodes }) => {
        const run = nodes[nodeId] ?? PENDING;
        return { nodes: { ...nodes, [nodeId]: { ...run, ...edit(run) } } };
      });
    return {
      executionId: null,
      inputs: null,
      nodes: {},
      show: (executionId, nodes, inputs = null) => set({ executionId, nodes, inputs }),
      update: (nodeId, next) => change(nodeId, () => next),
      append: (nodeId, text) => change(nodeId, (run) => ({ text: run.text + text })),
      clear: () => set({ executionId: null, nodes: {}, inputs: null }),
    };
  });
}

export type EdgeRun = "idle" | "taken" | "flowing";

/** Whether the run went along an edge, and whether it is doing so now. */
export function edgeRun(edge: FlowEdge, nodes: RunOverlay["nodes"]): EdgeRun {
  const source = nodes[edge.source];
  if (!source) return "idle";
  const done = source.status === "completed";
  const caught = source.status === "failed" && source.handle === ERROR_HANDLE;
  if (!(done || caught) || source.handle !== handleOf(edge)) return "idle";
  const target = nodes[edge.target]?.status ?? "pending";
  if (target === "running" || target === "waiting") return "flowing";
  return target === "skipped" ? "idle" : "taken";
}

/** The last lines of a text, without empty ones at its end. */
export function lastLines(text: string, count = 3): string {
  // Only the tail is looked at: this runs for each token.
  return text.slice(-600).trimEnd().split("\n").slice(-count).join("\n");
}
