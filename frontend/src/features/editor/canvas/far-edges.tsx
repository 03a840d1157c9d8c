"use client";

/** All edges seen from afar, in a handful of lines: a thousand elements would be painted anew with each movement. */
import { getBezierPath, Position, ViewportPortal } from "@xyflow/react";
import { useMemo } from "react";
import { useStore } from "zustand";
import { useEditor, useEditorContext } from "../context";
import { DEFAULT_PORT, type CanvasEdge, type CanvasNode } from "../model/canvas";
import { NODE_WIDTH } from "../model/measures";
import { handleOf } from "../model/definition";
import { edgeState } from "../model/overlay";
import { BranchName, type BranchNameProps } from "./branch-name";

const hiddenOf = new WeakMap<CanvasEdge, CanvasEdge>();

/** The edges as React Flow has them meanwhile: known, that they can be chosen and let go, and not drawn. */
export function hidden(edges: CanvasEdge[]): CanvasEdge[] {
  return edges.map((edge) => {
    const known = hiddenOf.get(edge) ?? { ...edge, hidden: true };
    hiddenOf.set(edge, known);
    return known;
  });
}

/** In this order: what matters more is drawn over what matters less. */
const looks = ["idle", "taken", "flowing", "wrong", "selected"] as const;
type Look = (typeof looks)[number];

/** More names than this lie over each other; one comes nearer to read them. */
const MOST_NAMES = 80;

export function FarEdges({ nodes, edges }: { nodes: CanvasNode[]; edges: CanvasEdge[] }) {
  const { overlay } = useEditorContext();
  const prefix = useEditor((state) => state.prefix);
  const wrong = useEditor((state) => state.problemIndex.edges);
  const overlays = useStore(overlay, (state) => state.nodes);
  const { paths, names } = useMemo(() => {
    const places = new Map(nodes.map((node) => [node.id, node]));
    const paths: Record<Look, string[]> = {
      idle: [],
      taken: [],
      flowing: [],
      wrong: [],
      selected: [],
    };
    const names: (BranchNameProps & { id: string })[] = [];
    for (const edge of edges) {
      const source = places.get(edge.source);
      const target = places.get(edge.target);
      if (!source || !target || !edge.data) continue;
      const state = edgeState(
        edge.data.edge,
        overlays[prefix + edge.source],
        overlays[prefix + edge.target],
      );
      const look = edge.selected ? "selected" : wrong.has(edge.id) ? "wrong" : state;
      const { path, x, y } = lineOf(edge, source, target);
      paths[look].push(path);
      const name = handleOf(edge.data.edge);
      if (name !== null) names.push({ id: edge.id, name, state, x, y });
    }
    return { paths, names };
  }, [nodes, edges, overlays, prefix, wrong]);
  return (
    <ViewportPortal>
      <svg aria-hidden className="wb-far-edges">
        {looks.map((look) => (
          <path key={look} data-look={look} d={paths[look].join("")} />
        ))}
      </svg>
      {names.length <= MOST_NAMES &&
        names.map(({ id, ...name }) => <BranchName key={id} {...name} />)}
    </ViewportPortal>
  );
}

/** Its path, and where its middle is. */
type Line = { path: string; x: number; y: number };
const known = new WeakMap<CanvasEdge, Line & { from: CanvasNode; to: CanvasNode }>();

/** Found again only when one of its ends has moved. */
function lineOf(edge: CanvasEdge, from: CanvasNode, to: CanvasNode): Line {
  const before = known.get(edge);
  if (before?.from === from && before.to === to) return before;
  const [sourceX, sourceY] = portAt(from, edge.sourceHandle ?? DEFAULT_PORT);
  const [targetX, targetY] = portAt(to, edge.targetHandle ?? null);
  const [path, x, y] = getBezierPath({
    ...{ sourceX, sourceY, targetX, targetY },
    ...{ sourcePosition: Position.Right, targetPosition: Position.Left },
  });
  const line = { from, to, path, x, y };
  known.set(edge, line);
  return line;
}

/** The middle of a port; one that the node does not have (any more) leaves at its head. */
function portAt({ position, handles }: CanvasNode, id: string | null): [number, number] {
  const port = handles?.find((handle) => handle.id === id);
  if (!port) return [position.x + NODE_WIDTH, position.y];
  return [
    position.x + port.x + (port.width ?? 0) / 2,
    position.y + port.y + (port.height ?? 0) / 2,
  ];
}
