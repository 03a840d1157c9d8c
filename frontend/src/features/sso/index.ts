/** What routes use of single sign-on. */
export { SsoView } from "./view";
