"use client";

/** The map of a large flow, in which each node has the colour of how it fares. */
import { MiniMap, type MiniMapNodeProps } from "@xyflow/react";
import { memo } from "react";
import type { Status } from "@/components/status-badge";
import { useEditor, useEditorContext, useNodeOverlay } from "../context";
import { useNodeProblem } from "./problem-mark";

/** A flow with fewer nodes is seen as a whole without a map, which would only lie in its way. */
const MAPPED_NODES = 10;

export function CanvasMap() {
  const large = useEditor((state) => state.flow.nodes.length >= MAPPED_NODES);
  if (!large) return null;
  return (
    <MiniMap
      position="bottom-right"
      className="max-md:hidden"
      pannable
      zoomable
      nodeBorderRadius={12}
      nodeComponent={MapNode}
      ariaLabel="Map of the flow"
      style={{ width: 144, height: 96 }}
    />
  );
}

const fills: Record<Status, string> = {
  pending: "var(--control)",
  running: "var(--running)",
  waiting: "var(--waiting)",
  completed: "var(--completed)",
  failed: "var(--failed)",
  skipped: "var(--line)",
  cancelled: "var(--idle)",
};

const MapNode = memo(function MapNode({ id, x, y, width, height, borderRadius }: MiniMapNodeProps) {
  const { readOnly } = useEditorContext();
  const status = useNodeOverlay(id)?.status ?? "pending";
  const problem = useNodeProblem(id);
  const wrong = problem === "error" && !readOnly && status === "pending";
  return (
    <rect
      data-status={status}
      x={x}
      y={y}
      rx={borderRadius}
      width={width}
      height={height}
      style={{ fill: wrong ? "var(--failed)" : fills[status] }}
    />
  );
});
