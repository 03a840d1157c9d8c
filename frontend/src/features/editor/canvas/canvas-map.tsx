"use client";

/** The map of a large flow, in which each node has the colour of how it fares. */
import { MiniMap, type MiniMapNodeProps } from "@xyflow/react";
import { createContext, memo, startTransition, use, useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import type { Status } from "@/components/status-badge";
import { useEditor, useEditorContext } from "../context";

/** A flow with fewer nodes is seen as a whole without a map, which would only lie in its way. */
const MAPPED_NODES = 10;

export function CanvasMap() {
  const large = useEditor((state) => state.flow.nodes.length >= MAPPED_NODES);
  const seen = useSeen();
  const shown = useShown();
  if (!large || !seen) return null;
  return (
    <ShownContext value={shown}>
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
    </ShownContext>
  );
}

type Shown = {
  /** What comes before the ids of nodes in an execution. */
  prefix: string;
  /** The nodes with errors. */
  wrong: ReadonlySet<string>;
};

const ShownContext = createContext<Shown>({ prefix: "", wrong: new Set() });

/** Found once for all nodes on the map: asked by each of a thousand, every letter typed would cost a thousand answers. */
function useShown(): Shown {
  const { readOnly } = useEditorContext();
  const prefix = useEditor((state) => state.prefix);
  const problems = useEditor((state) => state.problemIndex.nodes);
  const fresh = useEditor((state) => state.fresh);
  return useMemo(() => {
    const wrong = new Set<string>();
    if (readOnly) return { prefix, wrong };
    for (const [id, own] of problems) {
      if (id !== fresh && own.some(({ severity }) => severity === "error")) wrong.add(id);
    }
    return { prefix, wrong };
  }, [readOnly, prefix, problems, fresh]);
}

/** Whether the canvas has been painted: the map has an element for each node too, and those of the canvas come first. */
function useSeen(): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => startTransition(() => setSeen(true)));
    });
    return () => cancelAnimationFrame(frame);
  }, []);
  return seen;
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
  const { overlay } = useEditorContext();
  const { prefix, wrong } = use(ShownContext);
  const status = useStore(overlay, ({ nodes }) => nodes[prefix + id]?.status ?? "pending");
  return (
    <rect
      data-status={status}
      x={x}
      y={y}
      rx={borderRadius}
      width={width}
      height={height}
      style={{ fill: status === "pending" && wrong.has(id) ? "var(--failed)" : fills[status] }}
    />
  );
});
