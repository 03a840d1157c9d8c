/** A flow definition as the server has it, with what may be left out where it has a default. */
import type { Schema } from "./api/client";

/** The shape with only these needed; the server fills in the others. */
type Filled<Shape, Needed extends keyof Shape> = Pick<Shape, Needed> & Partial<Omit<Shape, Needed>>;

export type Position = Schema<"Position">;
export type Config = Record<string, unknown>;
export type OnError = Schema<"Node">["on_error"];
export type ErrorKind = Schema<"RetryPolicy">["kinds"][number];

/** Waits are seconds; each is `multiplier` times the one before, `jitter` (0 to 1) of it left to chance. */
export type RetryPolicy = Filled<Schema<"RetryPolicy">, "max_attempts" | "backoff_seconds">;

/** A node. `config` belongs to the node type; everything else is the same for all types. */
export type StoredNode = Filled<Omit<Schema<"Node">, "retry" | "default">, "id" | "type"> & {
  retry?: RetryPolicy;
  /** The output when the node failed and the flow continues. */
  default?: unknown;
};

/** The target runs after the source; `source_handle` names the branch it leaves from. */
export type FlowEdge = Filled<Schema<"Edge">, "id" | "source" | "target">;

/** A definition as it is stored. */
export type StoredDefinition = Filled<Omit<Schema<"FlowDefinition">, "nodes" | "edges">, never> & {
  nodes: StoredNode[];
  edges: FlowEdge[];
};
