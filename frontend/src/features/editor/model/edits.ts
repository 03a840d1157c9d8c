/** Edits of a flow: each takes a definition and returns a new one; what did not change is shared. */
import {
  findNode,
  handleOf,
  ID_PATTERN,
  type FlowDefinition,
  type FlowNode,
  type Position,
} from "./definition";
import { connect, refusal } from "./connect";
import { NODE_HEIGHT, NODE_WIDTH } from "./measures";
import { nodeIds, slug, takenIds, uniqueId } from "./ids";
import { portsOf, type NodeTypeInfo, type NodeTypes } from "./node-types";
import { readPath, writePath, type Path } from "./paths";
import { renameReferences } from "./references";

const COLUMN = NODE_WIDTH + 80;
const ROW = NODE_HEIGHT + 56;

export type Added = { flow: FlowDefinition; id: string };

/** Whether nodes of the type may stand on this level: Input and Output belong to a whole flow. */
export function belongs(flow: FlowDefinition, type: NodeTypeInfo): boolean {
  const isBody = flow.outer && !flow.outer.isolated;
  return !isBody || (type.kind !== "input" && type.kind !== "output");
}

/** How many more nodes of the type the flow may have. */
export function room(flow: FlowDefinition, type: NodeTypeInfo): number {
  if (!belongs(flow, type)) return 0;
  if (type.limit === null) return Number.POSITIVE_INFINITY;
  return type.limit - flow.nodes.filter((node) => node.type === type.kind).length;
}

/** Adds a node of the type with its default configuration; moved aside when the place is taken. */
export function addNode(flow: FlowDefinition, type: NodeTypeInfo, position: Position): Added {
  const id = uniqueId(slug(type.kind), takenIds(flow));
  const count = /_(\d+)$/.exec(id)?.[1];
  const node: FlowNode = {
    id,
    type: type.kind,
    label: count ? `${type.title} ${count}` : type.title,
    config: structuredClone(type.default_config),
  };
  const layout = { ...flow.layout, [id]: freePlace(flow, position) };
  return { flow: { ...flow, nodes: [...flow.nodes, node], layout }, id };
}

/** Adds a node behind a port (or behind the flow's end) and connects it where that is allowed. */
export function addAfter(
  flow: FlowDefinition,
  type: NodeTypeInfo,
  from: { source: string; handle: string | null },
  types: NodeTypes,
  position?: Position,
): Added {
  const start = flow.layout[from.source] ?? { x: 0, y: 0 };
  const source = findNode(flow, from.source);
  const port = source ? portsOf(source, types).findIndex((it) => it.handle === from.handle) : 0;
  const place = position ?? { x: start.x + COLUMN, y: start.y + Math.max(0, port) * ROW };
  const added = addNode(flow, type, place);
  const connection = { source: from.source, handle: from.handle, target: added.id };
  return { flow: connect(added.flow, connection, types), id: added.id };
}

/** Puts a new node on an edge. The second half leaves from its first port that is not the error one. */
export function insertOnEdge(
  flow: FlowDefinition,
  edgeId: string,
  type: NodeTypeInfo,
  types: NodeTypes,
): Added | null {
  const edge = flow.edges.find((it) => it.id === edgeId);
  if (!edge || !type.accepts_input) return null;
  const from = flow.layout[edge.source] ?? { x: 0, y: 0 };
  const to = flow.layout[edge.target] ?? { x: from.x + COLUMN, y: from.y };
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  // Without room between the two, everything behind the edge steps aside.
  const spread = to.x - from.x < 2 * COLUMN ? shiftRight(flow, from.x + 1, COLUMN) : flow;
  const place = spread === flow ? middle : { x: from.x + COLUMN, y: middle.y };
  const without = { ...spread, edges: spread.edges.filter((it) => it.id !== edgeId) };
  const added = addAfter(
    without,
    type,
    { source: edge.source, handle: handleOf(edge) },
    types,
    place,
  );
  const node = findNode(added.flow, added.id);
  const handle = node ? portsOf(node, types)[0]?.handle : undefined;
  if (handle === undefined) return added;
  const next = connect(added.flow, { source: added.id, target: edge.target, handle }, types);
  return { flow: next, id: added.id };
}

function shiftRight(flow: FlowDefinition, beyond: number, by: number): FlowDefinition {
  const layout = Object.fromEntries(
    Object.entries(flow.layout).map(([id, at]) => [
      id,
      at.x > beyond ? { ...at, x: at.x + by } : at,
    ]),
  );
  return { ...flow, layout };
}

/** Sets positions; ids that do not exist are left out. */
export function moveNodes(
  flow: FlowDefinition,
  positions: ReadonlyMap<string, Position>,
): FlowDefinition {
  const known = nodeIds(flow);
  const moved = [...positions].filter(([id, to]) => {
    const at = flow.layout[id];
    return known.has(id) && (at?.x !== to.x || at.y !== to.y);
  });
  return moved.length === 0
    ? flow
    : { ...flow, layout: { ...flow.layout, ...Object.fromEntries(moved) } };
}

/** Removes nodes with the edges at them, and edges. */
export function remove(
  flow: FlowDefinition,
  nodes: ReadonlySet<string>,
  edges: ReadonlySet<string> = new Set(),
): FlowDefinition {
  const kept = flow.edges.filter(
    (edge) => !edges.has(edge.id) && !nodes.has(edge.source) && !nodes.has(edge.target),
  );
  if (kept.length === flow.edges.length && !flow.nodes.some((node) => nodes.has(node.id)))
    return flow;
  const layout = Object.fromEntries(Object.entries(flow.layout).filter(([id]) => !nodes.has(id)));
  return { ...flow, nodes: flow.nodes.filter((node) => !nodes.has(node.id)), edges: kept, layout };
}

/** Replaces one node. */
export function mapNode(
  flow: FlowDefinition,
  id: string,
  change: (node: FlowNode) => FlowNode,
): FlowDefinition {
  const nodes = flow.nodes.map((node) => (node.id === id ? change(node) : node));
  return nodes.every((node, index) => node === flow.nodes[index]) ? flow : { ...flow, nodes };
}

/** Writes a field of a node by path, e.g. ["config", "task", "description"]. */
export function updateNode(
  flow: FlowDefinition,
  id: string,
  path: Path,
  value: unknown,
  types: NodeTypes,
): FlowDefinition {
  const before = findNode(flow, id);
  if (!before) return flow;
  const after = writePath(before, path, value);
  const next = mapNode(flow, id, () => after);
  return followInput(keepPorts(next, before, after, types), before, after, path, types);
}

/** When a field of the Input node gets another name, everything that reads it follows. */
function followInput(
  flow: FlowDefinition,
  before: FlowNode,
  after: FlowNode,
  path: Path,
  types: NodeTypes,
): FlowDefinition {
  const isName = path.length === 4 && path[1] === "fields" && path[3] === "name";
  const [old, name] = [readPath(before, path), readPath(after, path)];
  if (before.type !== "input" || !isName || typeof old !== "string" || typeof name !== "string") {
    return flow;
  }
  if (!ID_PATTERN.test(old) || !ID_PATTERN.test(name)) return flow;
  const renames = { root: "inputs" as const, names: new Map([[old, name]]) };
  return { ...flow, nodes: flow.nodes.map((node) => renameReferences(node, renames, types)) };
}

/**
 * Edges follow a port that was renamed, and go when their port goes. A port is renamed when as many
 * ports stay as there were and exactly one name is new.
 */
function keepPorts(
  flow: FlowDefinition,
  before: FlowNode,
  after: FlowNode,
  types: NodeTypes,
): FlowDefinition {
  const old = portsOf(before, types).map((port) => port.handle);
  const now = portsOf(after, types).map((port) => port.handle);
  const gone = old.filter((handle) => !now.includes(handle));
  const fresh = now.filter((handle) => !old.includes(handle));
  const [from] = gone;
  const [to] = fresh;
  const renamed = gone.length === 1 && fresh.length === 1 && old.length === now.length;
  if (!renamed || from === undefined || to === undefined || to === null) return flow;
  const edges = flow.edges.map((edge) =>
    edge.source === after.id && handleOf(edge) === from ? { ...edge, source_handle: to } : edge,
  );
  return { ...flow, edges };
}

/** Why a node cannot get this id, or null when it can. */
export function idRefusal(flow: FlowDefinition, id: string, next: string): string | null {
  if (!ID_PATTERN.test(next)) {
    return "Start the id with a letter. Use only a-z, 0-9 and _, at most 63 characters.";
  }
  return next !== id && takenIds(flow).has(next) ? `Another node has the id ${next}.` : null;
}

/** Gives a node another id; edges, layout and everything that reads it follow. */
export function renameNode(
  flow: FlowDefinition,
  id: string,
  next: string,
  types: NodeTypes,
): FlowDefinition {
  if (id === next || idRefusal(flow, id, next) || !findNode(flow, id)) return flow;
  const renames = { root: "nodes" as const, names: new Map([[id, next]]) };
  const end = (name: string) => (name === id ? next : name);
  const layout = Object.fromEntries(Object.entries(flow.layout).map(([key, at]) => [end(key), at]));
  const { outer } = flow;
  return {
    ...flow,
    // What the node around says of its body, such as when it is enough, follows too.
    ...(outer ? { outer: { ...outer, owner: renameReferences(outer.owner, renames, types) } } : {}),
    nodes: flow.nodes.map((node) =>
      renameReferences(node.id === id ? { ...node, id: next } : node, renames, types),
    ),
    edges: flow.edges.map((edge) =>
      edge.source === id || edge.target === id
        ? { ...edge, source: end(edge.source), target: end(edge.target) }
        : edge,
    ),
    layout,
  };
}

/** Moves an edge's end; the same flow when the new place is refused. */
export function reconnect(
  flow: FlowDefinition,
  edgeId: string,
  to: { source: string; target: string; handle: string | null },
  types: NodeTypes,
): FlowDefinition {
  const without = { ...flow, edges: flow.edges.filter((edge) => edge.id !== edgeId) };
  if (refusal(without, to, types)) return flow;
  const edges = flow.edges.map((edge) =>
    edge.id === edgeId
      ? { id: edge.id, source: to.source, target: to.target, source_handle: to.handle }
      : edge,
  );
  return { ...flow, edges };
}

/** The place, or the next one below it where no node lies. */
export function freePlace(flow: FlowDefinition, wanted: Position): Position {
  const taken = Object.values(flow.layout);
  const place = { x: Math.round(wanted.x), y: Math.round(wanted.y) };
  while (taken.some((at) => Math.abs(at.x - place.x) < 24 && Math.abs(at.y - place.y) < 24)) {
    place.x += 24;
    place.y += 24;
  }
  return place;
}
