/** What routes and other features use of agents. */
export { useAllAgents, type Agent } from "./api";
export { AgentCommands } from "./commands";
export { AGENTS_PATH } from "./links";
export { AgentsView } from "./view";
