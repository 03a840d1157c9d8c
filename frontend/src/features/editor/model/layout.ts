/** Automatic layout from left to right: dagre, and elk in a worker for flows it would be slow on. */
import { withDagre } from "./dagre";
import type { FlowDefinition, Position } from "./definition";
import { COLUMN_GAP, NODE_WIDTH, reckonedSize, ROW_GAP, type Sizes } from "./measures";
import type { NodeTypes } from "./node-types";

/** Above this many nodes dagre takes seconds. */
export const DAGRE_LIMIT = 300;

/**
 * New positions for every node, what is connected to nothing in a row below the rest; the flow's top left
 * corner stays where it was. Nodes that are not in `measured` count as large as they will be drawn.
 */
export async function arrange(
  flow: FlowDefinition,
  types: NodeTypes,
  measured: Sizes,
): Promise<Map<string, Position>> {
  const sizes = new Map(
    flow.nodes.map((node) => [node.id, measured.get(node.id) ?? reckonedSize(node, types)]),
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
  return { joined: { ...flow, nodes, edges }, loose: [...known].filter((id) => !ends.has(id)) };
}

/** Where a row below all of them begins. */
function below(places: Map<string, Position>, sizes: Sizes): Position {
  const feet = [...places].map(([id, { y }]) => y + (sizes.get(id)?.height ?? 0) + COLUMN_GAP);
  return { x: corner([...places.values()]).x, y: feet.reduce((a, b) => Math.max(a, b), 0) };
}

function inRow(ids: string[], { x, y }: Position, sizes: Sizes): [string, Position][] {
  let next = x;
  return ids.map((id) => {
    const place = { x: next, y };
    next += (sizes.get(id)?.width ?? NODE_WIDTH) + ROW_GAP;
    return [id, place];
  });
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

function anchored(flow: FlowDefinition, places: Map<string, Position>): Map<string, Position> {
  const old = corner(Object.values(flow.layout));
  const { x: left, y: top } = corner([...places.values()]);
  return new Map(
    [...places].map(([id, { x, y }]) => [
      id,
      { x: Math.round(x - left + old.x), y: Math.round(y - top + old.y) },
    ]),
  );
}

function corner([first = { x: 0, y: 0 }, ...others]: Position[]): Position {
  return others.reduce(
    (one, two) => ({ x: Math.min(one.x, two.x), y: Math.min(one.y, two.y) }),
    first,
  );
}
