/** What routes and other features use of flows. */
export { useAllFlows, useCreateFlow } from "./api";
export { FlowCommands } from "./commands";
export { EXAMPLES_PATH, FLOWS_PATH, flowHref, triggersHref } from "./links";
export { FlowsView } from "./view";
