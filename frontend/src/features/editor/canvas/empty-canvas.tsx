"use client";

/** What an empty canvas says: how to begin. */
import { Panel, useReactFlow } from "@xyflow/react";
import { LogIn, Workflow } from "lucide-react";
import type { MouseEvent } from "react";
import { Button } from "@/components/button";
import { Kbd } from "@/components/kbd";
import { add } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { NODE_WIDTH } from "../model/measures";

export function EmptyCanvas() {
  const empty = useEditor((state) => state.flow.nodes.length === 0);
  const inside = useEditor((state) => state.level.length > 0);
  if (!empty) return null;
  return (
    <Panel position="top-center" className="pointer-events-none top-1/4!">
      <div className="flex flex-col items-center text-center">
        <Workflow aria-hidden className="mb-3 size-6 stroke-[1.5] text-muted" />
        {inside ? <EmptyBody /> : <EmptyFlow />}
      </div>
    </Panel>
  );
}

function EmptyFlow() {
  const store = useEditorStore();
  const { screenToFlowPosition } = useReactFlow();
  /** It stands where the button was: in the middle of what is seen. */
  function begin({ currentTarget }: MouseEvent) {
    const { x, y, width } = currentTarget.getBoundingClientRect();
    const { x: middle, y: top } = screenToFlowPosition({ x: x + width / 2, y });
    add(store, "input", { position: { x: middle - NODE_WIDTH / 2, y: top } });
  }
  return (
    <>
      <h2 className="text-base font-semibold">Start with an Input node</h2>
      <p className="mt-1 max-w-80 text-muted">
        It asks for the inputs of the flow. Then drag nodes from the left, double-click the canvas,
        or press <Kbd keys={["N"]} />.
      </p>
      <Button variant="primary" className="pointer-events-auto mt-4" onClick={begin}>
        <LogIn aria-hidden />
        Add an Input node
      </Button>
    </>
  );
}

/** A body has no Input: it starts at the nodes that nothing leads to. */
function EmptyBody() {
  return (
    <>
      <h2 className="text-base font-semibold">This body is empty</h2>
      <p className="mt-1 max-w-80 text-muted">
        These nodes run in every iteration. Drag nodes from the left, double-click the canvas, or
        press <Kbd keys={["N"]} />.
      </p>
    </>
  );
}
