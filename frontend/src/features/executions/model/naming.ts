/** What was run, in a word or two behind its name. */
import type { ExecutionSummary } from "../api";

export function versionName({ flow_id, version }: Pick<ExecutionSummary, "flow_id" | "version">) {
  if (flow_id === null) return "crew test";
  return version === null ? "draft" : `version ${version}`;
}
