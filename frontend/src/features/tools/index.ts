/** What routes and other features use of tools. */
export { useAllTools, type Tool } from "./api";
export { ToolCommands } from "./commands";
export { ToolsView } from "./view";
