/** What routes and other features use of executions. */
export { refreshExecution } from "./api";
export { executionHref, executionsHref, EXECUTIONS_PATH } from "./links";
export { ExecutionDrawer } from "./execution-drawer";
export { ExecutionView, type ExecutionCanvasProps } from "./views/execution";
export { ExecutionsView } from "./views/executions";
