/** Places for nodes that have none: whoever writes a flow by hand or program does not say where they stand. */
import {
  readDefinition,
  type FlowDefinition,
  type FlowEdge,
  type FlowNode,
  type Position,
} from "./definition";
import { NODE_HEIGHT, NODE_WIDTH } from "./edits";
import { bodyFlow } from "./levels";
import type { NodeTypes } from "./node-types";

const COLUMN = NODE_WIDTH + 88;
const ROW = NODE_HEIGHT + 56;

type Layout = Record<string, Position>;

/** A definition from the server as it is opened: complete, and every node of it and of its bodies in a place. */
export function openDefinition(
  value: Partial<FlowDefinition> | null | undefined,
  types: NodeTypes,
): FlowDefinition {
  return placed(readDefinition(value), types);
}

function placed(flow: FlowDefinition, types: NodeTypes): FlowDefinition {
  const nodes = flow.nodes.map((node) => {
    const body = bodyFlow(flow, node, types);
    const field = types.get(node.type)?.body?.field;
    if (!body || !field) return node;
    const { nodes, edges, layout } = placed(body, types);
    const written = node.config[field] as object;
    return { ...node, config: { ...node.config, [field]: { ...written, nodes, edges, layout } } };
  });
  return { ...flow, nodes, layout: withPlaces(nodes, flow.edges, flow.layout) };
}

/**
 * The layout with a place for each node, below those that had one: in columns by what a node waits for, and
 * what is connected to nothing, such as notes, in a row of its own under them.
 */
export function withPlaces(nodes: FlowNode[], edges: FlowEdge[], layout: Layout): Layout {
  const missing = nodes.filter(({ id }) => !Object.hasOwn(layout, id));
  if (missing.length === 0) return layout;
  const taken = Object.values(layout);
  const left = taken.length > 0 ? Math.min(...taken.map(({ x }) => x)) : 0;
  const top = taken.length > 0 ? Math.max(...taken.map(({ y }) => y)) + ROW : 0;
  const ends = new Set(edges.flatMap(({ source, target }) => [source, target]));
  const columns = columnsOf(
    missing.filter(({ id }) => ends.has(id)),
    depthsOf(nodes, edges),
  );
  const most = Math.max(0, ...columns.map(({ length }) => length));
  const loose = missing.filter(({ id }) => !ends.has(id));
  const places = [
    ...columns.flatMap((ids, column) =>
      ids.map((id, row) => at(id, column, row + (most - ids.length) / 2)),
    ),
    ...loose.map(({ id }, column) => at(id, column, most)),
  ];
  function at(id: string, column: number, row: number): [string, Position] {
    return [id, { x: left + column * COLUMN, y: top + row * ROW }];
  }
  return { ...layout, ...Object.fromEntries(places) };
}

/** Ids by depth, without the depths at which there are none. */
function columnsOf(nodes: FlowNode[], depths: Map<string, number>): string[][] {
  const columns = new Map<number, string[]>();
  for (const { id } of nodes) {
    const depth = depths.get(id) ?? 0;
    columns.set(depth, [...(columns.get(depth) ?? []), id]);
  }
  return [...columns.entries()].toSorted(([one], [other]) => one - other).map(([, ids]) => ids);
}

/** How many steps lie before each node at most. In a circle, which is a fault, what is known by then counts. */
function depthsOf(nodes: FlowNode[], edges: FlowEdge[]): Map<string, number> {
  const depths = new Map(nodes.map(({ id }) => [id, 0]));
  const known = edges.filter(({ source, target }) => depths.has(source) && depths.has(target));
  const following = new Map<string, string[]>();
  const waiting = new Map<string, number>();
  for (const { source, target } of known) {
    following.set(source, [...(following.get(source) ?? []), target]);
    waiting.set(target, (waiting.get(target) ?? 0) + 1);
  }
  const ready = nodes.map(({ id }) => id).filter((id) => !waiting.has(id));
  for (const id of ready) {
    for (const target of following.get(id) ?? []) {
      depths.set(target, Math.max(depths.get(target) ?? 0, (depths.get(id) ?? 0) + 1));
      const left = (waiting.get(target) ?? 0) - 1;
      waiting.set(target, left);
      if (left === 0) ready.push(target);
    }
  }
  return depths;
}
