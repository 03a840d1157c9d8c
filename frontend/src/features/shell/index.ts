/** What routes and other features use of the shell. */
export { AppShell } from "./app-shell";
export { registerCommands, useCommands, usePaletteOpen, type Command } from "./commands";
export { PageBar, type Crumb } from "./page-bar";
