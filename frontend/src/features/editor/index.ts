/** What routes and other features use of the editor. */
export { ExecutionCanvas, type ExecutionCanvasProps } from "./canvas/execution-canvas";
export type { EditorViewProps, RunRequest, ExecutionSlot } from "./props";
export { EditorView } from "./view";
