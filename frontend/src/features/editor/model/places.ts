/** Places for nodes that have none: whoever writes a flow by hand or program does not say where they stand. */
import { readDefinition, type FlowDefinition, type FlowNode } from "./definition";
import { arrange } from "./layout";
import { allLevels, bodyFlow } from "./levels";
import { NODE_HEIGHT } from "./measures";
import type { NodeTypes } from "./node-types";

/** Between what had a place and what gets one below it. */
const GAP = NODE_HEIGHT + 112;

type Written = Partial<FlowDefinition> | null | undefined;

/** A definition from the server as it is opened: complete, and every node of it and of its bodies in a place. */
export function openDefinition(value: Written, types: NodeTypes): Promise<FlowDefinition> {
  return placed(readDefinition(value), types);
}

/** The same without waiting, or undefined when a place is missing. */
export function openedAtOnce(value: Written, types: NodeTypes): FlowDefinition | undefined {
  const flow = readDefinition(value);
  return isPlaced(flow, types) ? flow : undefined;
}

/** Whether each node of the flow and of its bodies has a place. */
export function isPlaced(flow: FlowDefinition, types: NodeTypes): boolean {
  return allLevels(flow, types).every((level) => unplaced(level.flow).length === 0);
}

/** The flow with a place for each node of it and of its bodies; those that had one stay in it. */
export async function placed(flow: FlowDefinition, types: NodeTypes): Promise<FlowDefinition> {
  const nodes = await Promise.all(flow.nodes.map((node) => withPlacedBody(flow, node, types)));
  return withPlaces({ ...flow, nodes }, types);
}

async function withPlacedBody(
  flow: FlowDefinition,
  node: FlowNode,
  types: NodeTypes,
): Promise<FlowNode> {
  const body = bodyFlow(flow, node, types);
  const field = types.get(node.type)?.body?.field;
  if (!body || !field) return node;
  const { nodes, edges, layout } = await placed(body, types);
  const written = node.config[field] as object;
  return { ...node, config: { ...node.config, [field]: { ...written, nodes, edges, layout } } };
}

/** One level: the nodes without a place are arranged by themselves, below those that have one. */
async function withPlaces(flow: FlowDefinition, types: NodeTypes): Promise<FlowDefinition> {
  const nodes = unplaced(flow);
  if (nodes.length === 0) return flow;
  const taken = Object.values(flow.layout);
  const left = taken.length > 0 ? Math.min(...taken.map(({ x }) => x)) : 0;
  const top = taken.length > 0 ? Math.max(...taken.map(({ y }) => y)) + GAP : 0;
  const places = await arrange({ ...flow, nodes, layout: {} }, types, new Map());
  const added = [...places].map(([id, { x, y }]) => [id, { x: x + left, y: y + top }] as const);
  return { ...flow, layout: { ...flow.layout, ...Object.fromEntries(added) } };
}

function unplaced({ nodes, layout }: FlowDefinition): FlowNode[] {
  return nodes.filter(({ id }) => !Object.hasOwn(layout, id));
}
