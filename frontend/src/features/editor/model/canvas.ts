/** The flow as React Flow's nodes and edges; an object stays the same while nothing in it changed. */
import type { Edge, Node } from "@xyflow/react";
import {
  handleOf,
  nodeName,
  type FlowDefinition,
  type FlowEdge,
  type FlowNode,
} from "./definition";

/** A step of the flow, or a remark beside them. */
export type CanvasNode = Node<{ node: FlowNode }, "step" | "note">;
export type CanvasEdge = Edge<{ edge: FlowEdge }, "step">;
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

export function toCanvasNodes(
  flow: FlowDefinition,
  selection: Selection,
  previous: readonly CanvasNode[],
): CanvasNode[] {
  const known = new Map(previous.map((node) => [node.id, node]));
  return flow.nodes.map((node) => {
    const old = known.get(node.id);
    const position = flow.layout[node.id] ?? old?.position ?? { x: 0, y: 0 };
    const selected = selection.nodes.has(node.id);
    const same =
      old?.data.node === node &&
      old.selected === selected &&
      old.position.x === position.x &&
      old.position.y === position.y;
    if (same) return old;
    return {
      id: node.id,
      type: node.type === NOTE ? "note" : "step",
      position,
      selected,
      data: old?.data.node === node ? old.data : { node },
      ...(old?.measured ? { measured: old.measured } : {}),
      ariaLabel: `${nodeName(node)}, ${node.type} node`,
    };
  });
}

export function toCanvasEdges(
  flow: FlowDefinition,
  selection: Selection,
  previous: readonly CanvasEdge[],
): CanvasEdge[] {
  const known = new Map(previous.map((edge) => [edge.id, edge]));
  const names = new Map(flow.nodes.map((node) => [node.id, nodeName(node)]));
  return flow.edges.map((edge) => {
    const old = known.get(edge.id);
    const selected = selection.edges.has(edge.id);
    const handle = handleOf(edge);
    const branch = handle === null ? "" : `, branch ${handle},`;
    const ariaLabel = `From ${names.get(edge.source)}${branch} to ${names.get(edge.target)}`;
    if (old?.data?.edge === edge && old.selected === selected && old.ariaLabel === ariaLabel) {
      return old;
    }
    return {
      id: edge.id,
      type: "step",
      source: edge.source,
      target: edge.target,
      sourceHandle: toPort(handle),
      targetHandle: INPUT_PORT,
      selected,
      data: { edge },
      ariaLabel,
    };
  });
}
