"use client";

/** The small tools at the foot of the canvas: undo, zoom, fit, layout. */
import { Panel, useReactFlow, useStore, type FitViewOptions } from "@xyflow/react";
import { Maximize, Minus, Plus, Redo2, Undo2, WandSparkles } from "lucide-react";
import { IconButton } from "@/components/icon-button";
import { layOut } from "../actions";
import { useEditor, useEditorContext } from "../context";

/** Milliseconds. */
export const MOVE_DURATION = 160;
/** A flow that is fitted fills the canvas, but for a little air and the tools at the foot. */
const AIR = "3%";
const TOOLS = "52px";

export const FIT: FitViewOptions = {
  padding: { x: AIR, top: AIR, bottom: TOOLS },
  maxZoom: 1,
  duration: MOVE_DURATION,
};

export function CanvasTools() {
  const { store, readOnly } = useEditorContext();
  const { zoomIn, zoomOut, zoomTo, fitView } = useReactFlow();
  const zoom = useStore((state) => Math.round(state.transform[2] * 100));
  const undoable = useEditor((state) => state.history.past.length > 0);
  const redoable = useEditor((state) => state.history.future.length > 0);
  const slow = { duration: MOVE_DURATION };

  async function arrange() {
    await layOut(store);
    requestAnimationFrame(() => void fitView(FIT));
  }
  return (
    <Panel position="bottom-left">
      <div
        role="toolbar"
        aria-label="Canvas"
        className="flex items-center rounded-md border bg-surface p-0.5"
      >
        {!readOnly && (
          <>
            <IconButton
              label="Undo"
              keys={["Ctrl", "Z"]}
              side="top"
              icon={<Undo2 aria-hidden />}
              disabled={!undoable}
              onClick={() => store.getState().undo()}
            />
            <IconButton
              label="Redo"
              keys={["Ctrl", "Shift", "Z"]}
              side="top"
              icon={<Redo2 aria-hidden />}
              disabled={!redoable}
              onClick={() => store.getState().redo()}
            />
            <Divider />
          </>
        )}
        <IconButton
          label="Zoom out"
          side="top"
          icon={<Minus aria-hidden />}
          onClick={() => void zoomOut(slow)}
        />
        <button
          type="button"
          title="Back to 100 %"
          onClick={() => void zoomTo(1, slow)}
          className="h-7 w-12 rounded-sm text-center text-xs text-muted tabular-nums hover:bg-hover"
        >
          {zoom} %
        </button>
        <IconButton
          label="Zoom in"
          side="top"
          icon={<Plus aria-hidden />}
          onClick={() => void zoomIn(slow)}
        />
        <IconButton
          label="Show the whole flow"
          keys={["F"]}
          side="top"
          icon={<Maximize aria-hidden />}
          onClick={() => void fitView(FIT)}
        />
        {!readOnly && (
          <>
            <Divider />
            <IconButton
              label="Arrange the nodes"
              keys={["L"]}
              side="top"
              icon={<WandSparkles aria-hidden />}
              onClick={() => void arrange()}
            />
          </>
        )}
      </div>
    </Panel>
  );
}

function Divider() {
  return <span aria-hidden className="mx-0.5 h-4 w-px bg-line" />;
}
