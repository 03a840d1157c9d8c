/** Who and what an entry of the audit log is about, as people say it. */
import { inWords } from "./actions";
import type { AuditEntry } from "./api";

/** Who did it. */
export function actorName({ actor, permission }: AuditEntry): string {
  if (actor.kind === "system") return permission === "operator" ? "Operator" : "Not signed in";
  const name = actor.name ?? "Deleted account";
  return actor.kind === "key" ? `${name}, by API key` : name;
}

/** One row of each table whose changes are noted. */
const things: Record<string, string> = {
  agents: "Agent",
  api_keys: "API key",
  approvals: "Question",
  crews: "Crew",
  tools: "Tool",
  due_deliveries: "Due delivery",
  documents: "Document",
  due_triggers: "Due trigger",
  executions: "Execution",
  finished_executions: "Finished execution",
  flow_versions: "Version",
  flows: "Flow",
  hooks: "Webhook address",
  invitations: "Invitation",
  llm_providers: "Provider",
  mail_addresses: "Mail address",
  mail_links: "Mailed link",
  migration_failures: "Failed migration",
  memberships: "Membership",
  notification_deliveries: "Delivery",
  notifications: "Notification",
  notified_tenants: "Notification status",
  sign_ins: "Sign-in",
  sso_accounts: "Company account",
  sso_connections: "Single sign-on",
  sso_domains: "Mail domain",
  sso_sign_ins: "Company sign-in",
  tenant_limits: "Limits",
  tenant_settings: "Settings",
  tenants: "Tenant",
  trigger_firings: "Firing",
  triggers: "Trigger",
  users: "Person",
};

export function thingName(table: string): string {
  return things[table] ?? inWords(table);
}

/** What it was done to: its name, or what it is. */
export function targetName({ target }: AuditEntry): string {
  if (!target) return "–";
  if (target.type === "executions" && target.name) return `Execution of “${target.name}”`;
  return target.name ?? thingName(target.type);
}

const happened = { create: "created", update: "changed", delete: "deleted" } as const;

/** What became of one row: "Agent created". */
export function changeWords({ table, operation }: AuditEntry["changes"][number]): string {
  return `${thingName(table)} ${happened[operation]}`;
}
