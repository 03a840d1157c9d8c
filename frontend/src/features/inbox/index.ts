/** What routes use of the inbox. */
export { InboxView } from "./view";
