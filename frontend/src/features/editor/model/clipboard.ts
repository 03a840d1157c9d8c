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
import { edgeId, edgeIds, nodeIds, uniqueId } from "./ids";
import type { NodeTypes } from "./node-types";
import { renameReferences } from "./references";

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

/** A clip from clipboard text, or null when the text is something else. */
export function readClip(text: string): Clip | null {
  try {
    const value = JSON.parse(text) as Partial<Clip> | null;
    if (value?.schema !== SCHEMA || !Array.isArray(value.nodes)) return null;
    const nodes = value.nodes.filter(
      (node) => typeof node?.id === "string" && typeof node.type === "string",
    );
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
  const taken = nodeIds(flow);
  const renames = new Map<string, string>();
  for (const node of nodes) {
    const id = uniqueId(node.id, taken);
    taken.add(id);
    renames.set(node.id, id);
  }
  const offset = shift(flow, clip, at);
  const added = nodes.map((node): FlowNode => {
    const id = renames.get(node.id) ?? node.id;
    return renameReferences(
      structuredClone({ ...node, id }),
      { root: "nodes", names: renames },
      types,
    );
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
    ids: [...renames.values()],
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
