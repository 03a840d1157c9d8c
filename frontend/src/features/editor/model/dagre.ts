/** Layout of a level by dagre: branches from top to bottom as their ports stand, straight ways where they can be. */
import type { LayoutOptions } from "@dagrejs/dagre";
import { handleOf, type FlowDefinition, type Position } from "./definition";
import { clearLanes, type Way } from "./lanes";
import { COLUMN_GAP, HEAD_MIDDLE, portHeight, ROW_GAP, type Size, type Sizes } from "./measures";
import { portsOf, type NodeTypes } from "./node-types";

type Order = NonNullable<LayoutOptions["customOrder"]>;
type Layers = Parameters<Order>[0];

/** Places of the nodes; each edge is between two of them, and `sizes` has all. */
export async function withDagre(
  flow: FlowDefinition,
  types: NodeTypes,
  sizes: Sizes,
): Promise<Map<string, Position>> {
  if (flow.nodes.length === 0) return new Map();
  const { Graph, layout } = await import("@dagrejs/dagre");
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: ROW_GAP, ranksep: COLUMN_GAP });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of flow.nodes) graph.setNode(key(id), aroundHead(sizes.get(id)));
  const ports = portsOfEdges(flow, types);
  const port = (edge: string | undefined) => ports.get(edge ?? "") ?? 0;
  for (const { id, source, target } of flow.edges.toSorted((a, b) => port(a.id) - port(b.id))) {
    graph.setEdge(key(source), key(target), {}, id);
  }
  layout(graph, { customOrder: (layers, order) => keepPortOrder(layers, order, port) });
  const places = new Map(
    flow.nodes.map(({ id }): [string, Position] => {
      const { x = 0, y = 0 } = graph.node(key(id)) as Partial<Position>;
      return [id, { x: x - (sizes.get(id)?.width ?? 0) / 2, y: y - HEAD_MIDDLE }];
    }),
  );
  const named = new Map(flow.nodes.map((node) => [node.id, node]));
  const ways = flow.edges.flatMap((edge): Way[] => {
    const { id, source, target } = edge;
    const node = named.get(source);
    if (!node) return [];
    const { points = [] } = graph.edge(key(source), key(target), id) as { points?: Position[] };
    return [{ source, target, leaves: portHeight(node, handleOf(edge), types), route: points }];
  });
  return clearLanes(places, sizes, ways);
}

/** dagre keeps what it knows in plain objects, which have a "constructor" of their own. */
function key(id: string): string {
  return `node ${id}`;
}

/** Edges arrive at the head of a node, so that is what stands in line; below it is as much room as above. */
function aroundHead({ width, height }: Size = { width: 0, height: 0 }): Size {
  return { width, height: 2 * Math.max(HEAD_MIDDLE, height - HEAD_MIDDLE) };
}

/** For each edge the how manyth port it leaves from. */
function portsOfEdges(flow: FlowDefinition, types: NodeTypes): Map<string, number> {
  const handles = new Map(
    flow.nodes.map((node) => [node.id, portsOf(node, types).map(({ handle }) => handle)]),
  );
  return new Map(
    flow.edges.map((edge) => [edge.id, handles.get(edge.source)?.indexOf(handleOf(edge)) ?? 0]),
  );
}

/** dagre knows of no ports and turns branches round; its order is taken only where fewer edges cross. */
function keepPortOrder(
  layers: Layers,
  order: Parameters<Order>[1],
  port: (edge: string | undefined) => number,
): void {
  order(layers, { disableOptimalOrderHeuristic: true });
  const written = layers.nodes().map((id): [string, number | undefined] => [id, orderOf(id)]);
  const crossed = crossings(layers, port);
  order(layers);
  if (crossings(layers, port) < crossed) return;
  for (const [id, place] of written) layers.node(id).order = place;

  function orderOf(id: string): number | undefined {
    return layers.node(id).order;
  }
}

/** How many pairs of edges cross, where edges of one node leave from one port below the other. */
function crossings(layers: Layers, port: (edge: string | undefined) => number): number {
  const byRank = new Map<number | undefined, ReturnType<Layers["edges"]>>();
  for (const edge of layers.edges()) {
    const { rank } = layers.node(edge.v);
    byRank.set(rank, [...(byRank.get(rank) ?? []), edge]);
  }
  const order = (id: string) => layers.node(id).order ?? 0;
  let count = 0;
  for (const edges of byRank.values()) {
    const ends = edges
      .map(({ v, w, name }) => ({ from: order(v), port: port(name), to: order(w) }))
      .toSorted((one, two) => one.from - two.from || one.port - two.port);
    ends.forEach((one, index) => {
      for (const two of ends.slice(index + 1)) {
        if (one.to > two.to && (one.from !== two.from || one.port !== two.port)) count += 1;
      }
    });
  }
  return count;
}
