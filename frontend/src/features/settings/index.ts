/** What routes and other features use of the settings. */
export { SettingsCommands } from "./commands";
export { SettingsFrame, SettingsSection } from "./frame";
export { ApiKeysView } from "./views/api-keys";
export { MembersView } from "./views/members";
export { ProfileView } from "./views/profile";
export { SessionsView } from "./views/sessions";
