/** What routes and other features use of the editor. */
export { EditorView, type EditorViewProps, type RunRequest } from "./view";
