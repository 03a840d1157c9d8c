/** Addresses of the pages that show flows. */

export const FLOWS_PATH = "/flows/";

/** The list with the examples to start from. */
export const EXAMPLES_PATH = `${FLOWS_PATH}?examples=1`;

/** What starts one flow by itself. */
export function triggersHref(id: string): string {
  return `${FLOWS_PATH}triggers/?id=${encodeURIComponent(id)}`;
}

/** The editor of one flow. */
export function flowHref(id: string): string {
  return `${FLOWS_PATH}edit/?id=${encodeURIComponent(id)}`;
}
