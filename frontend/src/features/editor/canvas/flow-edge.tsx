"use client";

/** An edge: coloured when the execution took it, moving while its target works, with a + to insert a node. */
import { BaseEdge, EdgeLabelRenderer, getBezierPath, type EdgeProps } from "@xyflow/react";
import { Plus } from "lucide-react";
import { memo, useState } from "react";
import { useStore } from "zustand";
import { cn } from "@/lib/cn";
import { useEditor, useEditorContext } from "../context";
import type { CanvasEdge } from "../model/canvas";
import { handleOf } from "../model/definition";
import { edgeState } from "../model/overlay";
import { BranchName } from "./branch-name";
import { useDetail } from "./detail";

export const FlowEdgeLine = memo(function FlowEdgeLine(props: EdgeProps<CanvasEdge>) {
  const { id, source, target, selected, data } = props;
  const { overlay, store, readOnly } = useEditorContext();
  const prefix = useEditor((state) => state.prefix);
  const state = useStore(overlay, ({ nodes }) =>
    data ? edgeState(data.edge, nodes[prefix + source], nodes[prefix + target]) : "idle",
  );
  const wrong = useEditor((state) => state.problemIndex.edges.has(id));
  const [hovered, setHovered] = useState(false);
  const [path, x, y] = getBezierPath(props);
  const branch = data ? handleOf(data.edge) : null;
  const far = useDetail() !== "full";
  const hover = { onMouseEnter: () => setHovered(true), onMouseLeave: () => setHovered(false) };

  function openList(event: { clientX: number; clientY: number }) {
    store.getState().setAdding({ at: { x: event.clientX, y: event.clientY }, edge: id });
  }
  return (
    <g className="wb-edge" data-state={state} data-wrong={wrong || undefined} {...hover}>
      <BaseEdge id={id} path={path} interactionWidth={24} />
      {far && branch !== null && (
        <EdgeLabelRenderer>
          <BranchName name={branch} state={state} x={x} y={y} />
        </EdgeLabelRenderer>
      )}
      {(hovered || selected) && !readOnly && (
        <EdgeLabelRenderer>
          <button
            type="button"
            aria-label="Insert a node here"
            title="Insert a node here"
            {...hover}
            onClick={(event) => {
              event.stopPropagation();
              // A click by keyboard has no place of its own.
              const box = event.currentTarget.getBoundingClientRect();
              openList({ clientX: box.right, clientY: box.bottom });
            }}
            style={{ transform: `translate(-50%, -50%) translate(${x}px, ${y}px)` }}
            className={cn(
              "nodrag nopan pointer-events-auto absolute z-10 flex size-5 items-center justify-center rounded-full border bg-surface text-muted",
              "hover:border-accent-text hover:text-accent-text",
            )}
          >
            <Plus aria-hidden className="size-3.5" />
          </button>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});
