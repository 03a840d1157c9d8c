/** What routes use of notifications. */
export { NotificationsView } from "./view";
