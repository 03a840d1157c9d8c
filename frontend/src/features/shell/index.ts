/** What routes and other features use of the shell. */
export { AppShell } from "./app-shell";
export { registerCommands, useCommands, type Command } from "./commands";
export { PageBar, type Crumb } from "./page-bar";
