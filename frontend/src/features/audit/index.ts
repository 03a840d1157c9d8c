/** What routes use of the audit log. */
export { AuditLogView } from "./view";
