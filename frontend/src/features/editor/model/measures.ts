/** How large the canvas draws nodes, and the room between them. */
import type { FlowNode } from "./definition";
import { hasBody } from "./levels";
import { portsOf, runs, type NodeTypes } from "./node-types";

export const NODE_WIDTH = 240;
/** Used until the browser has measured a node. */
export const NODE_HEIGHT = 64;
/** Where edges arrive, and leave from nodes without named ports. */
export const HEAD_MIDDLE = 32;
export const COLUMN_GAP = 88;
/** Enough for what an execution adds below a node. */
export const ROW_GAP = 56;

/** The frame of a node; its head lies within. */
export const BORDER = 1;
/** Ports with names stand in rows below the head. */
const PORT_ROW = 24;
/** A line above the rows, and what they have above them and below. */
const PORTS_LINE = 1;
const PORTS_PADDING = 4;
const BODY_STRIP = 37;
/** Notes grow with their text, up to this. */
const NOTE_WIDTH = 400;

export type Size = { width: number; height: number };
/** Of nodes as they are drawn. */
export type Sizes = ReadonlyMap<string, Size>;

/** What a node will measure before there is an execution; of notes the width only. */
export function reckonedSize(node: FlowNode, types: NodeTypes): Size {
  if (!runs(node, types)) return { width: NOTE_WIDTH, height: NODE_HEIGHT };
  const rows = portRows(node, types).length;
  const ports = rows > 0 ? PORTS_LINE + rows * PORT_ROW + 2 * PORTS_PADDING : 0;
  const strip = hasBody(node, types) ? BODY_STRIP : 0;
  return { width: NODE_WIDTH, height: NODE_HEIGHT + ports + strip };
}

/** How far below the top of a node the port is. */
export function portHeight(node: FlowNode, handle: string | null, types: NodeTypes): number {
  const row = portRows(node, types).findIndex((port) => port.handle === handle);
  if (row < 0) return HEAD_MIDDLE;
  return NODE_HEIGHT - BORDER + PORTS_LINE + PORTS_PADDING + (row + 0.5) * PORT_ROW;
}

/** The ports that have rows: the only one without a name stands at the head. */
function portRows(node: FlowNode, types: NodeTypes) {
  const ports = portsOf(node, types);
  return ports.length === 1 && ports[0]?.handle === null ? [] : ports;
}
