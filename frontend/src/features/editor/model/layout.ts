/** Automatic layout from left to right: dagre, and elk in a worker for flows it would be slow on. */
import { handleOf, type FlowDefinition, type Position } from "./definition";
import { NODE_HEIGHT, NODE_WIDTH } from "./edits";
import { portsOf, type NodeTypes } from "./node-types";

/** Above this many nodes dagre takes seconds. */
export const DAGRE_LIMIT = 300;
const COLUMN_GAP = 88;
const ROW_GAP = 40;

export type Size = { width: number; height: number };
export type Sizes = ReadonlyMap<string, Size>;

/** New positions for every node; the flow's top left corner stays where it was. */
export async function arrange(
  flow: FlowDefinition,
  types: NodeTypes,
  sizes: Sizes,
): Promise<Map<string, Position>> {
  if (flow.nodes.length === 0) return new Map();
  const places =
    flow.nodes.length > DAGRE_LIMIT
      ? await withElk(flow, sizes)
      : await withDagre(flow, types, sizes);
  return anchored(flow, places);
}

async function withDagre(
  flow: FlowDefinition,
  types: NodeTypes,
  sizes: Sizes,
): Promise<Map<string, Position>> {
  const { Graph, layout } = await import("@dagrejs/dagre");
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: ROW_GAP, ranksep: COLUMN_GAP });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of flow.nodes) graph.setNode(node.id, { ...sizeOf(node.id, sizes) });
  for (const edge of inPortOrder(flow, types)) {
    if (graph.hasNode(edge.source) && graph.hasNode(edge.target)) {
      graph.setEdge(edge.source, edge.target, {}, edge.id);
    }
  }
  layout(graph);
  return new Map(
    flow.nodes.map(({ id }) => {
      const { x = 0, y = 0 } = graph.node(id) as Partial<Position>;
      const { width, height } = sizeOf(id, sizes);
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
}

/** Branches are laid out from top to bottom as their ports stand. */
function inPortOrder(flow: FlowDefinition, types: NodeTypes) {
  const order = new Map(
    flow.nodes.map((node) => [node.id, portsOf(node, types).map((port) => port.handle)]),
  );
  const rank = (source: string, handle: string | null) => order.get(source)?.indexOf(handle) ?? 0;
  return flow.edges.toSorted(
    (one, two) => rank(one.source, handleOf(one)) - rank(two.source, handleOf(two)),
  );
}

async function withElk(flow: FlowDefinition, sizes: Sizes): Promise<Map<string, Position>> {
  const { default: Elk } = await import("elkjs/lib/elk-api.js");
  const worker = new Worker(new URL("./elk.worker.ts", import.meta.url), { type: "module" });
  const elk = new Elk({ workerFactory: () => worker });
  // elk waits for ever for a worker that could not be started.
  const broken = new Promise<never>((_, reject) => {
    worker.onerror = ({ message }) => reject(new Error(message || "The layout worker failed."));
  });
  try {
    const { children = [] } = await Promise.race([elk.layout(toElk(flow, sizes)), broken]);
    return new Map(children.map(({ id, x = 0, y = 0 }) => [id, { x, y }]));
  } finally {
    elk.terminateWorker();
  }
}

function toElk(flow: FlowDefinition, sizes: Sizes) {
  const known = new Set(flow.nodes.map((node) => node.id));
  return {
    id: "flow",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.spacing.nodeNode": String(ROW_GAP),
      "elk.layered.spacing.nodeNodeBetweenLayers": String(COLUMN_GAP),
    },
    children: flow.nodes.map(({ id }) => ({ id, ...sizeOf(id, sizes) })),
    edges: flow.edges
      .filter((edge) => known.has(edge.source) && known.has(edge.target))
      .map((edge) => ({ id: edge.id, sources: [edge.source], targets: [edge.target] })),
  };
}

function sizeOf(id: string, sizes: Sizes): Size {
  return sizes.get(id) ?? { width: NODE_WIDTH, height: NODE_HEIGHT };
}

function anchored(flow: FlowDefinition, places: Map<string, Position>): Map<string, Position> {
  const [oldLeft, oldTop] = corner(Object.values(flow.layout));
  const [left, top] = corner([...places.values()]);
  return new Map(
    [...places].map(([id, { x, y }]) => [
      id,
      { x: Math.round(x - left + oldLeft), y: Math.round(y - top + oldTop) },
    ]),
  );
}

function corner(places: Position[]): [number, number] {
  if (places.length === 0) return [0, 0];
  return [Math.min(...places.map(({ x }) => x)), Math.min(...places.map(({ y }) => y))];
}
