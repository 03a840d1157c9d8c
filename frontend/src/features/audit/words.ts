/** The audit log's names as people say them. */
import type { AuditEntry } from "./api";

/** "create_agent" is "Create agent". */
export function inWords(name: string): string {
  const words = name.replaceAll(/[_-]+/g, " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Who did it. */
export function actorName({ actor }: AuditEntry): string {
  if (actor.kind === "system") return "Operator";
  const name = actor.name ?? "Somebody who is gone";
  return actor.kind === "key" ? `${name}, by API key` : name;
}

/** What has no name of its own. */
const things: Record<string, string> = { sign_ins: "Sign-in", executions: "Execution" };

/** What it was done to: its name, or what it is. */
export function targetName({ target }: AuditEntry): string {
  if (!target) return "–";
  if (target.type === "executions" && target.name) return `Execution of “${target.name}”`;
  return target.name ?? things[target.type] ?? inWords(target.type);
}
