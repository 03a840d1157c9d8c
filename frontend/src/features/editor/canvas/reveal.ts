"use client";

/** Moves the canvas just so far that a node which the inspector would cover is seen whole. */
import { useReactFlow, useStoreApi } from "@xyflow/react";
import { useCallback, useEffect } from "react";
import { useEditor } from "../context";
import { MOVE_DURATION } from "./canvas-tools";

/** Pixels kept free around the node. */
const MARGIN = 24;

/** Gives `reveal(id)`; a node that was just added is revealed by itself. */
export function useReveal(): (id: string) => void {
  const { getInternalNode, getViewport, setViewport } = useReactFlow();
  const { getState } = useStoreApi();
  const fresh = useEditor((state) => state.fresh);

  const reveal = useCallback(
    (id: string) => {
      // Two frames: the inspector has opened and the canvas has been measured anew.
      requestAnimationFrame(() => requestAnimationFrame(show));
      function show() {
        const node = getInternalNode(id);
        if (!node) return;
        const { width, height } = getState();
        const { x, y, zoom } = getViewport();
        const at = node.internals.positionAbsolute;
        const left = at.x * zoom + x;
        const top = at.y * zoom + y;
        const dx = gap(left, (node.measured.width ?? 0) * zoom, width);
        const dy = gap(top, (node.measured.height ?? 0) * zoom, height);
        if (dx === 0 && dy === 0) return;
        void setViewport({ x: x + dx, y: y + dy, zoom }, { duration: MOVE_DURATION });
      }
    },
    [getInternalNode, getState, getViewport, setViewport],
  );

  useEffect(() => {
    if (fresh !== null) reveal(fresh);
  }, [fresh, reveal]);
  return reveal;
}

/** How far something of `size` at `start` must move to lie between the margins of `space`. */
function gap(start: number, size: number, space: number): number {
  const over = start + size - (space - MARGIN);
  if (over > 0) return -Math.min(over, start - MARGIN);
  return start < MARGIN ? MARGIN - start : 0;
}
