/** Which connections are allowed, said in words when one is not. */
import { findNode, handleOf, nodeName, type FlowDefinition, type FlowNode } from "./definition";
import { edgeId, edgeIds } from "./ids";
import { acceptsInput, portsOf, type NodeTypes } from "./node-types";

export type Connection = { source: string; target: string; handle: string | null };

/** Why the connection cannot be made, as a sentence, or null when it can. */
export function refusal(
  flow: FlowDefinition,
  { source, target, handle }: Connection,
  types: NodeTypes,
): string | null {
  const from = findNode(flow, source);
  const to = findNode(flow, target);
  if (!from || !to) return "One of the two nodes no longer exists.";
  if (source === target) return "A node cannot follow itself.";
  if (!acceptsInput(to, types)) return `Nothing can come before ${nodeName(to)}.`;
  const ports = portsOf(from, types);
  if (ports.length === 0) return `Nothing can come after ${nodeName(from)}.`;
  if (!ports.some((port) => port.handle === handle)) {
    return `${nodeName(from)} has no branch “${handle ?? "default"}”.`;
  }
  const twice = flow.edges.some(
    (edge) => edge.source === source && edge.target === target && handleOf(edge) === handle,
  );
  if (twice) return `${nodeName(from)} is already connected to ${nodeName(to)}.`;
  if (descendants(flow, target).has(source)) {
    return `${nodeName(to)} already runs before ${nodeName(from)}. Edges cannot form a cycle.`;
  }
  return null;
}

/**
 * Every node that may follow the port, found in one go: to ask `refusal` of each would search the whole
 * flow as often as it has nodes.
 */
export function followers(
  flow: FlowDefinition,
  { source, handle }: Omit<Connection, "target">,
  types: NodeTypes,
): FlowNode[] {
  const from = findNode(flow, source);
  if (!from || !portsOf(from, types).some((port) => port.handle === handle)) return [];
  const taken = new Set([source, ...ancestors(flow, source)]);
  for (const edge of flow.edges) {
    if (edge.source === source && handleOf(edge) === handle) taken.add(edge.target);
  }
  return flow.nodes.filter((node) => !taken.has(node.id) && acceptsInput(node, types));
}

/** The flow with the connection made; the same flow when it is refused. */
export function connect(
  flow: FlowDefinition,
  connection: Connection,
  types: NodeTypes,
): FlowDefinition {
  if (refusal(flow, connection, types)) return flow;
  const { source, target, handle } = connection;
  const id = edgeId(edgeIds(flow), source, handle, target);
  const edge = { id, source, target, ...(handle === null ? {} : { source_handle: handle }) };
  return { ...flow, edges: [...flow.edges, edge] };
}

/** Every node behind `id`, itself included. */
export function descendants(flow: FlowDefinition, id: string): Set<string> {
  return reach(
    id,
    flow.edges.map((edge) => [edge.source, edge.target]),
  );
}

/** Every node before `id`, without itself, the nearest first. */
export function ancestors(flow: FlowDefinition, id: string): string[] {
  return [
    ...reach(
      id,
      flow.edges.map((edge) => [edge.target, edge.source]),
    ),
  ].filter((other) => other !== id);
}

function reach(start: string, pairs: [string, string][]): Set<string> {
  const next = new Map<string, string[]>();
  for (const [from, to] of pairs) {
    const known = next.get(from);
    if (known) known.push(to);
    else next.set(from, [to]);
  }
  const found = new Set([start]);
  // A Set is walked in the order of insertion, also over what is added meanwhile: breadth first.
  for (const id of found) next.get(id)?.forEach((other) => found.add(other));
  return found;
}
