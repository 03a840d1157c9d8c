/** Automatic layout from left to right: dagre, and elk in a worker for flows it would be slow on. */
import { handleOf, type FlowDefinition, type FlowNode, type Position } from "./definition";
import { NODE_HEIGHT, NODE_WIDTH } from "./edits";
import { hasBody } from "./levels";
import { portsOf, runs, type NodeTypes } from "./node-types";

/** Above this many nodes dagre takes seconds. */
export const DAGRE_LIMIT = 300;
const COLUMN_GAP = 88;
/** Room enough for what a run adds below a node. */
const ROW_GAP = 56;
/** How a node is drawn below its head: the frame of the ports that have names, each of them, and the way into a body. */
const PORTS_FRAME = 9;
const PORT_ROW = 24;
const BODY_STRIP = 37;
/** Notes grow with their text, up to this. */
const NOTE_WIDTH = 400;

export type Size = { width: number; height: number };
/** Of nodes as they are drawn; for those that are not here, or not yet drawn, the size is reckoned. */
export type Sizes = ReadonlyMap<string, Size>;

/**
 * New positions for every node, what is connected to nothing in a row below the rest; the flow's top left
 * corner stays where it was.
 */
export async function arrange(
  flow: FlowDefinition,
  types: NodeTypes,
  measured: Sizes,
): Promise<Map<string, Position>> {
  const sizes = new Map(
    flow.nodes.map((node) => [node.id, measured.get(node.id) ?? sizeOf(node, types)]),
  );
  const { joined, loose } = parted(flow);
  const places =
    joined.nodes.length > DAGRE_LIMIT
      ? await withElk(joined, sizes)
      : await withDagre(joined, types, sizes);
  return anchored(flow, new Map([...places, ...inRow(loose, below(places, sizes), sizes)]));
}

/** The nodes that edges lead to or from, with those edges, and the ids of the others. */
function parted(flow: FlowDefinition): { joined: FlowDefinition; loose: string[] } {
  const known = new Set(flow.nodes.map(({ id }) => id));
  const edges = flow.edges.filter(
    ({ source, target }) => source !== target && known.has(source) && known.has(target),
  );
  const ends = new Set(edges.flatMap(({ source, target }) => [source, target]));
  const nodes = flow.nodes.filter(({ id }) => ends.has(id));
  return {
    joined: { ...flow, nodes, edges },
    loose: [...known].filter((id) => !ends.has(id)),
  };
}

/** Where a row below all of them begins. */
function below(places: Map<string, Position>, sizes: Sizes): Position {
  const feet = [...places].map(([id, { y }]) => y + (sizes.get(id)?.height ?? 0) + COLUMN_GAP);
  return {
    x: corner([...places.values()])[0],
    y: feet.reduce((one, two) => Math.max(one, two), 0),
  };
}

function inRow(ids: string[], { x, y }: Position, sizes: Sizes): [string, Position][] {
  let next = x;
  return ids.map((id) => {
    const place = { x: next, y };
    next += (sizes.get(id)?.width ?? NODE_WIDTH) + ROW_GAP;
    return [id, place];
  });
}

async function withDagre(
  flow: FlowDefinition,
  types: NodeTypes,
  sizes: Sizes,
): Promise<Map<string, Position>> {
  if (flow.nodes.length === 0) return new Map();
  const { Graph, layout } = await import("@dagrejs/dagre");
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: ROW_GAP, ranksep: COLUMN_GAP });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of flow.nodes) graph.setNode(key(id), { ...sizes.get(id) });
  for (const { id, source, target } of inPortOrder(flow, types)) {
    graph.setEdge(key(source), key(target), {}, id);
  }
  layout(graph);
  return new Map(
    flow.nodes.map(({ id }) => {
      const { x = 0, y = 0 } = graph.node(key(id)) as Partial<Position>;
      const { width = 0, height = 0 } = sizes.get(id) ?? {};
      return [id, { x: x - width / 2, y: y - height / 2 }];
    }),
  );
}

/** dagre keeps what it knows in plain objects, which have a "constructor" of their own. */
function key(id: string): string {
  return `node ${id}`;
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
  return {
    id: "flow",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.spacing.nodeNode": String(ROW_GAP),
      "elk.layered.spacing.nodeNodeBetweenLayers": String(COLUMN_GAP),
    },
    children: flow.nodes.map(({ id }) => ({ id, ...sizes.get(id) })),
    edges: flow.edges.map(({ id, source, target }) => ({
      id,
      sources: [source],
      targets: [target],
    })),
  };
}

/** What a node will measure before there is a run; of notes the width only. */
function sizeOf(node: FlowNode, types: NodeTypes): Size {
  if (!runs(node, types)) return { width: NOTE_WIDTH, height: NODE_HEIGHT };
  const ports = portsOf(node, types);
  const named = ports.some(({ handle }) => handle !== null);
  const list = named ? PORTS_FRAME + ports.length * PORT_ROW : 0;
  const strip = hasBody(node, types) ? BODY_STRIP : 0;
  return { width: NODE_WIDTH, height: NODE_HEIGHT + list + strip };
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
  const [first = { x: 0, y: 0 }] = places;
  return places.reduce(
    ([left, top], { x, y }) => [Math.min(left, x), Math.min(top, y)],
    [first.x, first.y],
  );
}
