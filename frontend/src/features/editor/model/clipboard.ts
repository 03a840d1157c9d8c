/** Copying nodes with the edges between them, and putting them down again under new ids. */
import {
  handleOf,
  SCHEMA,
  type FlowDefinition,
  type FlowEdge,
  type FlowNode,
  type Position,
} from "./definition";
import { room } from "./edits";
import { bodyIn, edgeId, edgeIds, idsOf, takenIds, uniqueId } from "./ids";
import type { NodeTypes } from "./node-types";
import { renameReferences } from "./references";
import { parseJson } from "@/lib/json";

/** What lies on the clipboard: a part of a flow, in the same shape. */
export type Clip = Pick<FlowDefinition, "schema" | "nodes" | "edges" | "layout">;

export type Pasted = { flow: FlowDefinition; ids: string[] };

/** The chosen nodes, the edges that begin and end among them, and their places. */
export function copy(flow: FlowDefinition, ids: ReadonlySet<string>): Clip {
  return {
    schema: SCHEMA,
    nodes: flow.nodes.filter((node) => ids.has(node.id)),
    edges: flow.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
    layout: Object.fromEntries(Object.entries(flow.layout).filter(([id]) => ids.has(id))),
  };
}

/** A clip from clipboard text, perhaps without places, or null when the text is something else. */
export function readClip(text: string): Clip | null {
  try {
    const value = parseJson(text) as Partial<Clip> | null;
    if (value?.schema !== SCHEMA || !Array.isArray(value.nodes)) return null;
    const nodes = value.nodes
      .filter((node) => typeof node?.id === "string" && typeof node.type === "string")
      .map((node) => ({ ...node, label: node.label ?? "", config: node.config ?? {} }));
    if (nodes.length === 0) return null;
    return { schema: SCHEMA, nodes, edges: value.edges ?? [], layout: value.layout ?? {} };
  } catch {
    return null;
  }
}

/**
 * Puts the clip into the flow, its top left corner at `at`, or a step aside of where it was.
 * Nodes get free ids; what they read from each other follows. Types the flow has enough of stay out.
 */
export function paste(flow: FlowDefinition, clip: Clip, types: NodeTypes, at?: Position): Pasted {
  const nodes = withinLimits(flow, clip.nodes, types);
  const taken = takenIds(flow);
  const renames = new Map<string, string>();
  for (const old of nodes.flatMap(idsOf)) {
    const id = uniqueId(old, taken);
    taken.add(id);
    renames.set(old, id);
  }
  const offset = shift(flow, clip, at);
  const added = nodes.map((node): FlowNode => {
    const copied = withIds(structuredClone(node), renames);
    return renameReferences(copied, { root: "nodes", names: renames }, types);
  });
  const layout = Object.fromEntries(
    nodes.map((node) => {
      const place = clip.layout[node.id] ?? { x: 0, y: 0 };
      return [renames.get(node.id), { x: place.x + offset.x, y: place.y + offset.y }];
    }),
  ) as Record<string, Position>;
  return {
    flow: {
      ...flow,
      nodes: [...flow.nodes, ...added],
      edges: [...flow.edges, ...innerEdges(flow, clip, renames)],
      layout: { ...flow.layout, ...layout },
    },
    ids: added.map((node) => node.id),
  };
}

/** The node under its new id, and likewise those in its body. */
function withIds(node: FlowNode, names: ReadonlyMap<string, string>): FlowNode {
  const end = (id: string) => names.get(id) ?? id;
  const found = bodyIn(node);
  if (!found) return { ...node, id: end(node.id) };
  const { field, body } = found;
  const nodes = body.nodes.map((inner) => withIds(inner, names));
  const edges = (body.edges ?? []).map((edge) => ({
    ...edge,
    source: end(edge.source),
    target: end(edge.target),
  }));
  const layout = Object.fromEntries(
    Object.entries(body.layout ?? {}).map(([id, at]) => [end(id), at]),
  );
  return {
    ...node,
    id: end(node.id),
    config: { ...node.config, [field]: { nodes, edges, layout } },
  };
}

function withinLimits(flow: FlowDefinition, nodes: FlowNode[], types: NodeTypes): FlowNode[] {
  const left = new Map<string, number>();
  return nodes.filter((node) => {
    const type = types.get(node.type);
    const space = left.get(node.type) ?? (type ? room(flow, type) : Number.POSITIVE_INFINITY);
    left.set(node.type, space - 1);
    return space > 0;
  });
}

function innerEdges(flow: FlowDefinition, clip: Clip, renames: Map<string, string>): FlowEdge[] {
  const taken = edgeIds(flow);
  return clip.edges.flatMap((edge) => {
    const source = renames.get(edge.source);
    const target = renames.get(edge.target);
    if (!source || !target) return [];
    const id = edgeId(taken, source, handleOf(edge), target);
    taken.add(id);
    return [{ ...edge, id, source, target }];
  });
}

/** How far the clip moves: to `at`, or in steps until it covers no node exactly. */
function shift(flow: FlowDefinition, clip: Clip, at?: Position): Position {
  const places = Object.values(clip.layout);
  const left = Math.min(...places.map((place) => place.x));
  const top = Math.min(...places.map((place) => place.y));
  if (places.length === 0) return at ?? { x: 0, y: 0 };
  if (at) return { x: Math.round(at.x - left), y: Math.round(at.y - top) };
  const taken = new Set(Object.values(flow.layout).map((place) => `${place.x},${place.y}`));
  let step = 32;
  while (places.some((place) => taken.has(`${place.x + step},${place.y + step}`))) step += 32;
  return { x: step, y: step };
}
