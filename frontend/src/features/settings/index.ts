/** What routes use of the settings. */
export { SettingsView } from "./view";
