"use client";

/** What React Flow is given to draw: from afar less, as whatever it knows costs it time with every movement. */
import { useMemo, useState } from "react";
import type { CanvasEdge, CanvasNode } from "../model/canvas";
import type { Detail } from "./detail";

type Drawn = { nodes: CanvasNode[]; edges: CanvasEdge[] };

export function useDrawn(nodes: CanvasNode[], edges: CanvasEdge[], detail: Detail): Drawn {
  const approaches = useApproaches(detail);
  const copyOf = useMemo(() => copies(approaches), [approaches]);
  const drawnNodes = useMemo(() => (copyOf ? nodes.map(copyOf) : nodes), [nodes, copyOf]);
  const drawnEdges = useMemo(() => (detail === "block" ? chosen(edges) : edges), [edges, detail]);
  return { nodes: drawnNodes, edges: drawnEdges };
}

/** How often one has come nearer than blocks. */
function useApproaches(detail: Detail): number {
  const [last, setLast] = useState({ detail, approaches: 0 });
  if (last.detail === detail) return last.approaches;
  const approaches = last.approaches + (last.detail === "block" ? 1 : 0);
  setLast({ detail, approaches });
  return approaches;
}

/**
 * Blocks have no ports, and React Flow takes those that it measures for nodes without any. When one comes nearer it is
 * given other objects, from which it learns anew where the ports are. Null while it has not forgotten any.
 */
function copies(approaches: number): ((node: CanvasNode) => CanvasNode) | null {
  if (approaches === 0) return null;
  const known = new WeakMap<CanvasNode, CanvasNode>();
  return (node) => {
    const copy = known.get(node) ?? { ...node };
    known.set(node, copy);
    return copy;
  };
}

const hiddenOf = new WeakMap<CanvasEdge, CanvasEdge>();

/** All edges are drawn at once meanwhile; React Flow has those that are chosen, so that it can let go of them. */
function chosen(edges: CanvasEdge[]): CanvasEdge[] {
  return edges
    .filter(({ selected }) => selected)
    .map((edge) => {
      const known = hiddenOf.get(edge) ?? { ...edge, hidden: true };
      hiddenOf.set(edge, known);
      return known;
    });
}
