/** Paths of nodes in bodies: `each[3].ask` is the node `ask` in the fourth iteration of `each`. */
import type { NodeState } from "./state";

/** One iteration of a body. `path` is its own, e.g. `each[3]`. */
export type Iteration = { path: string; index: number; node: NodeState };

/** Whether the path names an iteration and not a node. */
export function isIteration(path: string): boolean {
  return path.endsWith("]");
}

/** The node whose iteration this is. */
export function ownerOf(path: string): string {
  return path.slice(0, path.lastIndexOf("["));
}

/** The ids on the way and the iterations between them; the last index is null for a node. */
export function parsePath(path: string): { id: string; index: number | null }[] {
  return path.split(".").map((part) => {
    const at = part.indexOf("[");
    if (at < 0) return { id: part, index: null };
    return { id: part.slice(0, at), index: Number(part.slice(at + 1, -1)) };
  });
}

/** The iterations of a node that have begun, in order. */
export function iterationsOf(nodes: ReadonlyMap<string, NodeState>, owner: string): Iteration[] {
  const total = nodes.get(owner)?.iterations ?? 0;
  const found: Iteration[] = [];
  for (let index = 0; index < total; index += 1) {
    const path = `${owner}[${index}]`;
    const node = nodes.get(path);
    if (node) found.push({ path, index, node });
  }
  return found;
}
