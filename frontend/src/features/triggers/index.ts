/** What routes use of triggers. */
export { TriggersView } from "./view";
