/** Addresses of the page that shows tools. */

export const TOOLS_PATH = "/tools/";

/** The list with one tool open. */
export function toolHref(id: string): string {
  return `${TOOLS_PATH}?open=${encodeURIComponent(id)}`;
}
