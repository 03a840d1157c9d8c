/** Addresses of the page that shows agents. */

export const AGENTS_PATH = "/agents/";

/** The list with one agent open. */
export function agentHref(id: string): string {
  return `${AGENTS_PATH}?open=${encodeURIComponent(id)}`;
}
