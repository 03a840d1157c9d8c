/** What routes and other features use of crews. */
export { CrewsView } from "./view";
