/** What routes and other features use of flows. */
export { useCreateFlow } from "./api";
export { FlowCommands } from "./commands";
export { EXAMPLES_PATH, FLOWS_PATH, flowHref } from "./links";
export { FlowsView } from "./view";
