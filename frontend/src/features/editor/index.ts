/** What routes and other features use of the editor. */
export { RunCanvas, type RunCanvasProps } from "./canvas/run-canvas";
export { EditorView, type EditorViewProps, type RunRequest, type RunSlot } from "./view";
