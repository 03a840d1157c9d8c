/** The flow definition, `watchbill.flow/v1`, as it is saved: nodes, edges and where they stand. */
import type {
  Config,
  ErrorKind,
  FlowEdge,
  OnError,
  Position,
  RetryPolicy,
  StoredDefinition,
  StoredNode,
} from "@/lib/flow";
import type { Outer } from "./levels";

export const SCHEMA = "watchbill.flow/v1";
export const ID_PATTERN = /^[a-z][a-z0-9_]{0,62}$/;
/** The extra port of a node whose failure is a branch. */
export const ERROR_HANDLE = "error";

export type { Config, ErrorKind, FlowEdge, OnError, Position, RetryPolicy };

/** A node with its name and configuration, empty where the server left them out. */
export type FlowNode = StoredNode & Required<Pick<StoredNode, "label" | "config">>;

/** A definition as it is drawn. */
export type FlowDefinition = Omit<StoredDefinition, "schema" | "nodes" | "layout"> & {
  schema: typeof SCHEMA;
  nodes: FlowNode[];
  layout: Record<string, Position>;
  /** Set on the body of a node, which is edited like a flow: what lies around it. */
  outer?: Outer;
};

/** The kinds of failure in the order they are written. */
export const RETRIED: ErrorKind[] = ["user", "upstream", "timeout", "limit", "bug"];

/** What a node without a policy of its own does, as the server has it. */
export const DEFAULT_RETRY: Required<RetryPolicy> = {
  max_attempts: 1,
  backoff_seconds: 1,
  multiplier: 2,
  max_backoff_seconds: 3600,
  jitter: 0,
  kinds: ["upstream", "timeout"],
};

export function emptyDefinition(): FlowDefinition {
  return { schema: SCHEMA, nodes: [], edges: [], layout: {} };
}

/** A definition from the server, with what it may leave out filled in. */
export function readDefinition(
  value: Partial<StoredDefinition> | null | undefined,
): FlowDefinition {
  const { nodes = [], edges = [], layout = {}, ...rest } = value ?? {};
  return {
    ...rest,
    schema: SCHEMA,
    nodes: nodes.map((node) => ({ ...node, label: node.label ?? "", config: node.config ?? {} })),
    edges,
    layout,
  };
}

export function findNode(flow: FlowDefinition, id: string): FlowNode | undefined {
  return flow.nodes.find((node) => node.id === id);
}

const byId = new WeakMap<FlowNode[], ReadonlyMap<string, FlowNode>>();

/** The nodes by their ids, found once for each list: many ask. */
export function nodesById({ nodes }: FlowDefinition): ReadonlyMap<string, FlowNode> {
  const known = byId.get(nodes) ?? new Map(nodes.map((node) => [node.id, node]));
  byId.set(nodes, known);
  return known;
}

/** What a person calls the node. */
export function nodeName(node: FlowNode): string {
  return node.label || node.id;
}

/** The edge's handle as one value: absent and null both mean the default port. */
export function handleOf(edge: Pick<FlowEdge, "source_handle">): string | null {
  return edge.source_handle ?? null;
}
