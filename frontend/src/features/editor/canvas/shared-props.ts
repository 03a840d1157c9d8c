/** What both canvases have: the one that is edited, and the one that is only looked at. */
import type { ReactFlowProps } from "@xyflow/react";
import type { CanvasEdge, CanvasNode } from "../model/canvas";
import { FIT } from "./canvas-tools";
import { NoteNode } from "./note-node";
import { FlowEdgeLine } from "./flow-edge";
import { FlowNodeCard } from "./flow-node";

export const sharedProps: ReactFlowProps<CanvasNode, CanvasEdge> = {
  className: "wb-canvas",
  // What takes the focus when nothing else on it can.
  tabIndex: -1,
  nodeTypes: { flow: FlowNodeCard, note: NoteNode },
  edgeTypes: { flow: FlowEdgeLine },
  deleteKeyCode: null,
  panActivationKeyCode: null,
  disableKeyboardA11y: true,
  panOnScroll: true,
  zoomOnDoubleClick: false,
  minZoom: 0.05,
  maxZoom: 2,
  fitView: true,
  fitViewOptions: { padding: FIT.padding, maxZoom: FIT.maxZoom },
  onlyRenderVisibleElements: true,
  attributionPosition: "bottom-right",
};
