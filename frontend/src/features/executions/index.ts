/** What routes and other features use of executions. */
export { refreshExecution } from "./api";
export { executionHref, executionsHref, EXECUTIONS_PATH } from "./links";
export { RunDrawer } from "./run-drawer";
export { ExecutionView, type RunCanvasProps } from "./views/execution";
export { ExecutionsView } from "./views/executions";
