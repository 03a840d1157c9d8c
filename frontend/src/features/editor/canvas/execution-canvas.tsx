"use client";

/** The flow of an execution, to look at: the same canvas without anything that changes it. */
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import { Background, ReactFlow, ReactFlowProvider, type ReactFlowProps } from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type MouseEvent } from "react";
import { useStore } from "zustand";
import { ErrorState } from "@/components/error-state";
import { Spinner } from "@/components/spinner";
import { openBody, showPath } from "../actions";
import { useNodeTypes } from "../api";
import { EditorContext } from "../context";
import type { CanvasEdge, CanvasNode } from "../model/canvas";
import type { FlowDefinition } from "../model/definition";
import type { NodeTypes } from "../model/node-types";
import { useNames, useExecutionShown } from "../execution-shown";
import { createEditorStore } from "../store";
import { useOpened } from "../use-opened";
import { CanvasMap } from "./canvas-map";
import { DetailContext, useCanvasDetail } from "./detail";
import { FarEdges, hidden } from "./far-edges";
import { useFitOnLevel } from "./fit-level";
import { LevelBar } from "./level-bar";
import { sharedProps } from "./shared-props";

export type ExecutionCanvasProps = {
  executionId: string;
  /** The definition that was run. */
  definition: Partial<FlowDefinition>;
  flowName: string;
  /** The path of the chosen node, or of the iteration that is shown. */
  selected: string | null;
  onSelect: (path: string | null) => void;
};

export function ExecutionCanvas(props: ExecutionCanvasProps) {
  const types = useNodeTypes();
  if (!types.data) return <Waiting error={types.error} onRetry={() => void types.refetch()} />;
  return <Opened key={props.executionId} {...props} types={types.data} />;
}

function Opened(props: ExecutionCanvasProps & { types: NodeTypes }) {
  const flow = useOpened(props.definition, props.types);
  if (!flow.data) return <Waiting error={flow.error} onRetry={() => void flow.refetch()} />;
  return (
    <ReactFlowProvider>
      <Drawing {...props} flow={flow.data} />
    </ReactFlowProvider>
  );
}

function Waiting({ error, onRetry }: { error: Error | null; onRetry: () => void }) {
  if (error) {
    return <ErrorState error={error} title="The flow could not be drawn" onRetry={onRetry} />;
  }
  return (
    <div className="flex h-full items-center justify-center text-muted">
      <Spinner label="Drawing the flow" />
    </div>
  );
}

function Drawing(props: ExecutionCanvasProps & { flow: FlowDefinition; types: NodeTypes }) {
  const { executionId, flow, flowName, selected, onSelect, types } = props;
  const [store] = useState(() => createEditorStore(types, flow, true));
  const overlay = useExecutionShown(executionId);
  const names = useNames();
  const context = useMemo(
    () => ({ store, overlay, names, readOnly: true }),
    [store, overlay, names],
  );
  const nodes = useStore(store, (state) => state.nodes);
  const edges = useStore(store, (state) => state.edges);

  const prefix = useStore(store, (state) => state.prefix);

  const following = useRef(false);

  useEffect(() => {
    following.current = true;
    showPath(store, selected);
    following.current = false;
  }, [store, selected]);
  /** A body is opened from wherever its node is drawn, so the store tells. */
  useEffect(
    () =>
      store.subscribe(({ prefix: now }, before) => {
        if (now !== before.prefix && !following.current) onSelect(now.slice(0, -1) || null);
      }),
    [store, onSelect],
  );

  // What React Flow is given keeps its identity: another function would draw every node again.
  const onNodeClick = useCallback(
    (_: unknown, node: CanvasNode) => onSelect(store.getState().prefix + node.id),
    [store, onSelect],
  );
  function onDoubleClick(event: MouseEvent) {
    if (!(event.target instanceof Element)) return;
    const node = event.target.closest(".react-flow__node")?.getAttribute("data-id");
    if (node) openBody(store, node);
  }
  return (
    <EditorContext value={context}>
      <div className="flex h-full flex-col">
        <LevelBar flowName={flowName} />
        <div className="min-h-0 flex-1">
          <Picture
            nodes={nodes}
            edges={edges}
            onNodesChange={store.getState().onNodesChange}
            onNodeClick={onNodeClick}
            onPaneClick={() => onSelect(prefix.slice(0, -1) || null)}
            onDoubleClick={onDoubleClick}
          />
        </div>
      </div>
    </EditorContext>
  );
}

type PictureProps = ReactFlowProps<CanvasNode, CanvasEdge> & {
  nodes: CanvasNode[];
  edges: CanvasEdge[];
};

/** The canvas with everything off that would change the flow. */
function Picture(props: PictureProps) {
  const { nodes, edges } = props;
  useFitOnLevel();
  const detail = useCanvasDetail();
  const drawn = useMemo(() => (detail === "block" ? hidden(edges) : edges), [detail, edges]);
  return (
    <DetailContext value={detail}>
      <ReactFlow
        {...sharedProps}
        data-detail={detail}
        aria-label="Flow of the execution"
        {...props}
        edges={drawn}
        nodesDraggable={false}
        nodesConnectable={false}
        elementsSelectable={false}
        edgesFocusable={false}
      >
        <Background gap={16} size={1.5} />
        <CanvasMap />
        {detail === "block" && <FarEdges nodes={nodes} edges={edges} />}
      </ReactFlow>
    </DetailContext>
  );
}
