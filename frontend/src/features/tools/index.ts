/** What routes and other features use of tools. */
export { useAllTools, type Tool } from "./api";
export { ToolCommands } from "./commands";
export { ToolChoice } from "./tool-choice";
export { ToolsView } from "./view";
