/** What routes and other features use of the editor. */
export { RunCanvas, type RunCanvasProps } from "./canvas/run-canvas";
export type { EditorViewProps, RunRequest, RunSlot } from "./props";
export { EditorView } from "./view";
