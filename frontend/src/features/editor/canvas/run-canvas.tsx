"use client";

/** The flow of a run, to look at: the same canvas without anything that changes it. */
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import { Background, ReactFlow, ReactFlowProvider } from "@xyflow/react";
import { useEffect, useMemo, useState } from "react";
import { useStore } from "zustand";
import { ErrorState } from "@/components/error-state";
import { Spinner } from "@/components/spinner";
import { useNodeTypes } from "../api";
import { EditorContext } from "../context";
import { readDefinition, type FlowDefinition } from "../model/definition";
import type { NodeTypes } from "../model/node-types";
import { useNames, useRunShown } from "../run-shown";
import { createEditorStore } from "../store";
import { CanvasMap, FIT } from "./canvas-tools";
import { StepEdge } from "./step-edge";
import { StepNode } from "./step-node";

const nodeTypes = { step: StepNode };
const edgeTypes = { step: StepEdge };

export type RunCanvasProps = {
  executionId: string;
  /** The definition that was run. */
  definition: Partial<FlowDefinition>;
  selected: string | null;
  onSelect: (nodeId: string | null) => void;
};

export function RunCanvas(props: RunCanvasProps) {
  const types = useNodeTypes();
  if (types.error) {
    return (
      <ErrorState
        error={types.error}
        title="The flow could not be drawn"
        onRetry={() => void types.refetch()}
      />
    );
  }
  if (!types.data) {
    return (
      <div className="flex h-full items-center justify-center text-muted">
        <Spinner label="Drawing the flow" />
      </div>
    );
  }
  return (
    <ReactFlowProvider key={props.executionId}>
      <Drawing {...props} types={types.data} />
    </ReactFlowProvider>
  );
}

function Drawing(props: RunCanvasProps & { types: NodeTypes }) {
  const { executionId, definition, selected, onSelect, types } = props;
  const [store] = useState(() => createEditorStore(types, readDefinition(definition), true));
  const overlay = useRunShown(executionId);
  const names = useNames();
  const context = useMemo(
    () => ({ store, overlay, names, readOnly: true }),
    [store, overlay, names],
  );
  const nodes = useStore(store, (state) => state.nodes);
  const edges = useStore(store, (state) => state.edges);

  useEffect(() => {
    store.getState().select(selected === null ? [] : [selected]);
  }, [store, selected]);

  return (
    <EditorContext value={context}>
      <ReactFlow
        className="wb-canvas"
        aria-label="Flow of the run"
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        onNodesChange={store.getState().onNodesChange}
        onNodeClick={(_, node) => onSelect(node.id)}
        onPaneClick={() => onSelect(null)}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        panActivationKeyCode={null}
        disableKeyboardA11y
        panOnScroll
        zoomOnDoubleClick={false}
        minZoom={0.05}
        maxZoom={2}
        fitView
        fitViewOptions={{ padding: FIT.padding, maxZoom: FIT.maxZoom }}
        onlyRenderVisibleElements
        attributionPosition="bottom-center"
      >
        <Background gap={16} size={1.5} />
        <CanvasMap />
      </ReactFlow>
    </EditorContext>
  );
}
