/** What routes use of the tenant's settings. */
export { TenantView } from "./view";
