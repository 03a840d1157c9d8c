/** The flow as React Flow's nodes and edges; an object stays the same while nothing in it changed. */
import { Position, type Edge, type Node, type NodeHandle } from "@xyflow/react";
import {
  handleOf,
  nodeName,
  type FlowDefinition,
  type FlowEdge,
  type FlowNode,
} from "./definition";
import { BORDER, HEAD_MIDDLE, portHeight, reckonedSize } from "./measures";
import { acceptsInput, portsOf, runs, type NodeTypes } from "./node-types";

/** A node of the flow, or a note beside them. */
export type CanvasNode = Node<{ node: FlowNode }, "flow" | "note">;
export type CanvasEdge = Edge<{ edge: FlowEdge }, "flow">;
export type Selection = { nodes: ReadonlySet<string>; edges: ReadonlySet<string> };

export const NOTHING: Selection = { nodes: new Set(), edges: new Set() };

/** The node type that is drawn as a remark. */
const NOTE = "note";

/** React Flow wants a text for the default port too. */
export const DEFAULT_PORT = "default";
export const INPUT_PORT = "in";

export function toPort(handle: string | null): string {
  return handle === null ? DEFAULT_PORT : `out:${handle}`;
}

export function fromPort(port: string | null | undefined): string | null {
  return port?.startsWith("out:") ? port.slice(4) : null;
}

/** Where the canvas draws a port: a dot on the edge of the node. */
const DOT = 10;

/**
 * Whatever is as it was stays the same object, the list as a whole too. Unless `settled`, so does a node that is being
 * typed into, as long as its ports are where they were: what draws it reads its words from the flow, and React Flow
 * would go through all nodes and edges with each letter.
 */
export function toCanvasNodes(
  flow: FlowDefinition,
  selection: Selection,
  previous: readonly CanvasNode[],
  types: NodeTypes,
  settled = true,
): CanvasNode[] {
  const known = new Map(previous.map((node) => [node.id, node]));
  const nodes = flow.nodes.map((node) => {
    const old = known.get(node.id);
    const position = flow.layout[node.id] ?? old?.position ?? { x: 0, y: 0 };
    const selected = selection.nodes.has(node.id);
    const unmoved =
      old?.selected === selected && old.position.x === position.x && old.position.y === position.y;
    if (unmoved && (old.data.node === node || (!settled && isShaped(old, node, types)))) return old;
    const shape = old?.data.node === node ? shapeOf(old) : reckoned(node, types, old);
    return {
      id: node.id,
      type: node.type === NOTE ? ("note" as const) : ("flow" as const),
      position,
      selected,
      data: old?.data.node === node ? old.data : { node },
      ...shape,
      ariaLabel: `${nodeName(node)}, ${node.type} node`,
    };
  });
  return sameItems(nodes, previous) ? (previous as CanvasNode[]) : nodes;
}

type Shape = Pick<CanvasNode, "measured" | "handles">;

function shapeOf({ measured, handles }: CanvasNode): Shape {
  return { ...(measured ? { measured } : {}), ...(handles ? { handles } : {}) };
}

/** Whether the node, as it is now, has the ports that were drawn. */
function isShaped(old: CanvasNode, node: FlowNode, types: NodeTypes): boolean {
  const { handles } = reckoned(node, types, old);
  return (
    old.data.node.type === node.type && JSON.stringify(handles) === JSON.stringify(old.handles)
  );
}

/**
 * How large the node is and where its ports are, reckoned: what lies outside the view need not be drawn to
 * be measured. The browser corrects it; remarks grow with their text, so it alone can tell.
 */
function reckoned(node: FlowNode, types: NodeTypes, old: CanvasNode | undefined): Shape {
  if (!runs(node, types) || node.type === NOTE) return old ? shapeOf(old) : {};
  const { width, height } = reckonedSize(node, types);
  const at = (x: number, y: number) => ({
    x: x - DOT / 2,
    y: y - DOT / 2,
    width: DOT,
    height: DOT,
  });
  const ports = portsOf(node, types);
  // Rows with names lie within the frame.
  const edge = ports.length === 1 && ports[0]?.handle === null ? width : width - BORDER;
  const exits = ports.map(({ handle }): NodeHandle => ({
    id: toPort(handle),
    type: "source",
    position: Position.Right,
    ...at(edge, portHeight(node, handle, types)),
  }));
  const entry: NodeHandle[] = acceptsInput(node, types)
    ? [{ id: INPUT_PORT, type: "target", position: Position.Left, ...at(0, HEAD_MIDDLE) }]
    : [];
  return { measured: old?.measured ?? { width, height }, handles: [...entry, ...exits] };
}

/** Unless `settled`, edges keep the names that their ends had, as `toCanvasNodes` keeps nodes. */
export function toCanvasEdges(
  flow: FlowDefinition,
  selection: Selection,
  previous: readonly CanvasEdge[],
  settled = true,
): CanvasEdge[] {
  const known = new Map(previous.map((edge) => [edge.id, edge]));
  const names = new Map(flow.nodes.map((node) => [node.id, nodeName(node)]));
  const edges = flow.edges.map((edge) => {
    const old = known.get(edge.id);
    const selected = selection.edges.has(edge.id);
    const handle = handleOf(edge);
    const branch = handle === null ? "" : `, branch ${handle},`;
    const ariaLabel = `From ${names.get(edge.source)}${branch} to ${names.get(edge.target)}`;
    const same = old?.data?.edge === edge && old.selected === selected;
    if (same && (!settled || old.ariaLabel === ariaLabel)) return old;
    return {
      id: edge.id,
      type: "flow" as const,
      source: edge.source,
      target: edge.target,
      sourceHandle: toPort(handle),
      targetHandle: INPUT_PORT,
      selected,
      data: { edge },
      ariaLabel,
    };
  });
  return sameItems(edges, previous) ? (previous as CanvasEdge[]) : edges;
}

function sameItems<Item>(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, index) => item === other[index]);
}
