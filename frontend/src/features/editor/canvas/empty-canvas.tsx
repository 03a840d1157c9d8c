"use client";

/** What an empty canvas says: how to begin. */
import { Panel, useReactFlow } from "@xyflow/react";
import { LogIn, Workflow } from "lucide-react";
import { Button } from "@/components/button";
import { Kbd } from "@/components/kbd";
import { add } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { FIT } from "./canvas-tools";

export function EmptyCanvas() {
  const store = useEditorStore();
  const { fitView } = useReactFlow();
  const empty = useEditor((state) => state.flow.nodes.length === 0);
  if (!empty) return null;
  return (
    <Panel position="top-center" className="pointer-events-none top-1/4!">
      <div className="flex flex-col items-center text-center">
        <Workflow aria-hidden className="mb-3 size-6 stroke-[1.5] text-muted" />
        <h2 className="text-base font-semibold">Start with an Input node</h2>
        <p className="mt-1 max-w-80 text-muted">
          It asks for what a run needs. Then drag nodes from the left, double-click the canvas, or
          press <Kbd keys={["N"]} />.
        </p>
        <Button
          variant="primary"
          className="pointer-events-auto mt-4"
          onClick={() => {
            add(store, "input", { position: { x: 0, y: 0 } });
            // As soon as it has been measured.
            void fitView(FIT);
          }}
        >
          <LogIn aria-hidden />
          Add an Input node
        </Button>
      </div>
    </Panel>
  );
}
