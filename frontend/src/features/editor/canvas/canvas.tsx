"use client";

/** The canvas: React Flow over the editor's store. */
import "@xyflow/react/dist/base.css";
import "./canvas.css";
import {
  Background,
  ReactFlow,
  SelectionMode,
  useReactFlow,
  type Connection as CanvasConnection,
  type Edge,
  type FinalConnectionState,
} from "@xyflow/react";
import {
  memo,
  useCallback,
  useEffect,
  useMemo,
  useState,
  type DragEvent,
  type MouseEvent,
} from "react";
import { add, join, openBody } from "../actions";
import { DRAG_TYPE } from "../add/palette";
import { useEditor, useEditorContext } from "../context";
import { fromPort, type CanvasEdge, type CanvasNode } from "../model/canvas";
import { refusal } from "../model/connect";
import { reconnect } from "../model/edits";
import { HEAD_MIDDLE, NODE_WIDTH } from "../model/measures";
import { AcceptingContext, useAccepting } from "./acceptance";
import { CanvasMap } from "./canvas-map";
import { CanvasTools, FIT } from "./canvas-tools";
import { EmptyCanvas } from "./empty-canvas";
import { DetailContext, useCanvasDetail } from "./detail";
import { FarEdges, hidden } from "./far-edges";
import { useReveal } from "./reveal";
import { useFitOnLevel } from "./fit-level";
import { sharedProps } from "./shared-props";

const ariaLabels = {
  "node.a11yDescription.default":
    "Press Enter to open the inspector, the arrow keys to move the node, Delete to remove it.",
  "node.a11yDescription.keyboardDisabled":
    "Press Enter to open the inspector, the arrow keys to move the node, Delete to remove it.",
};

const MULTI_SELECTION = ["Shift", "Meta", "Control"];
const GRID: [number, number] = [8, 8];

/** `drawer` tells that the execution drawer has taken a part of the height. */
export const Canvas = memo(function Canvas({ drawer }: { drawer: boolean }) {
  const { store, readOnly } = useEditorContext();
  const nodes = useEditor((state) => state.nodes);
  const edges = useEditor((state) => state.edges);
  const { onNodesChange, onEdgesChange } = store.getState();
  const { screenToFlowPosition, fitView } = useReactFlow();
  const reveal = useReveal();
  useFitOnLevel();
  const detail = useCanvasDetail();
  const accepting = useAccepting();
  const drawn = useMemo(() => (detail === "block" ? hidden(edges) : edges), [detail, edges]);
  // On an empty canvas the first node stays where it is dropped.
  const [opensFitted] = useState(nodes.length > 0);

  useEffect(() => {
    if (!drawer) return;
    // After the canvas has been measured anew.
    const frame = requestAnimationFrame(() => requestAnimationFrame(() => void fitView(FIT)));
    return () => cancelAnimationFrame(frame);
  }, [drawer, fitView]);

  const isValid = useCallback(
    (edge: Edge | CanvasConnection) => {
      const { flow, types } = store.getState();
      return refusal(flow, toConnection(edge), types) === null;
    },
    [store],
  );

  // What React Flow is given keeps its identity: another function would draw every node and edge again.
  const onConnect = useCallback(
    (connection: CanvasConnection) => join(store, toConnection(connection)),
    [store],
  );
  /** An edge dropped on empty space asks what shall stand there. */
  const onConnectEnd = useCallback(
    (event: globalThis.MouseEvent | TouchEvent, state: FinalConnectionState) => {
      const { fromHandle, toNode } = state;
      if (toNode || fromHandle?.type !== "source") return;
      const at = pointOf(event);
      const place = screenToFlowPosition(at);
      const from = { source: fromHandle.nodeId, handle: fromPort(fromHandle.id) };
      store.getState().setAdding({ at, position: { x: place.x, y: place.y - 32 }, from });
    },
    [store, screenToFlowPosition],
  );
  const onReconnect = useCallback(
    (edge: CanvasEdge, connection: CanvasConnection) => {
      const { edit, types } = store.getState();
      edit((flow) => reconnect(flow, edge.id, toConnection(connection), types));
    },
    [store],
  );
  const onNodeClick = useCallback((_: unknown, node: CanvasNode) => reveal(node.id), [reveal]);

  function onDoubleClick(event: MouseEvent) {
    if (!(event.target instanceof Element)) return;
    const node = event.target.closest(".react-flow__node")?.getAttribute("data-id");
    if (node && !event.target.closest("button, a")) return void openBody(store, node);
    if (readOnly || !event.target.closest(".react-flow__pane")) return;
    const at = { x: event.clientX, y: event.clientY };
    store.getState().setAdding({ at, position: screenToFlowPosition(at) });
  }
  function onDrop(event: DragEvent) {
    const kind = event.dataTransfer.getData(DRAG_TYPE);
    if (!kind) return;
    event.preventDefault();
    const { x, y } = screenToFlowPosition({ x: event.clientX, y: event.clientY });
    add(store, kind, { position: { x: x - NODE_WIDTH / 2, y: y - HEAD_MIDDLE } });
  }
  return (
    <DetailContext value={detail}>
      <AcceptingContext value={accepting}>
        <ReactFlow
          {...sharedProps}
          data-detail={detail}
          fitView={opensFitted}
          aria-label="Flow canvas"
          nodes={nodes}
          edges={drawn}
          onNodesChange={onNodesChange}
          onEdgesChange={onEdgesChange}
          onConnect={onConnect}
          onConnectEnd={onConnectEnd}
          onReconnect={onReconnect}
          isValidConnection={isValid}
          onNodeClick={onNodeClick}
          onDoubleClick={onDoubleClick}
          onDragOver={(event) =>
            event.dataTransfer.types.includes(DRAG_TYPE) && event.preventDefault()
          }
          onDrop={onDrop}
          ariaLabelConfig={ariaLabels}
          nodesDraggable={!readOnly}
          nodesConnectable={!readOnly}
          edgesReconnectable={!readOnly}
          selectionMode={SelectionMode.Partial}
          multiSelectionKeyCode={MULTI_SELECTION}
          connectionRadius={28}
          snapToGrid
          snapGrid={GRID}
        >
          <Background gap={16} size={1.5} />
          <CanvasTools />
          <CanvasMap />
          {!readOnly && <EmptyCanvas />}
          {detail === "block" && <FarEdges nodes={nodes} edges={edges} />}
        </ReactFlow>
      </AcceptingContext>
    </DetailContext>
  );
});

function toConnection(edge: Edge | CanvasConnection) {
  return { source: edge.source, target: edge.target, handle: fromPort(edge.sourceHandle) };
}

function pointOf(event: globalThis.MouseEvent | TouchEvent) {
  const { clientX: x, clientY: y } =
    "clientX" in event ? event : (event.changedTouches[0] ?? { clientX: 0, clientY: 0 });
  return { x, y };
}
