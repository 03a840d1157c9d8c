/** Addresses of the pages that show executions. */

export const EXECUTIONS_PATH = "/executions/";

/** The page of one execution. */
export function executionHref(id: string): string {
  return `${EXECUTIONS_PATH}view/?id=${encodeURIComponent(id)}`;
}

/** The list, narrowed to one flow where given. */
export function executionsHref(flowId?: string): string {
  return flowId ? `${EXECUTIONS_PATH}?flow=${encodeURIComponent(flowId)}` : EXECUTIONS_PATH;
}
