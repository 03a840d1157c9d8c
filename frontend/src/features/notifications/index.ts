/** What routes use of notifications. */
export { ConfirmAddressView } from "./confirm-address";
export { NotificationsView } from "./view";
