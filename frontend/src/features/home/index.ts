/** What routes use of the home page. */
export { HomeView } from "./view";
