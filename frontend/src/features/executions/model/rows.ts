/** The rows of a timeline: nodes, and where a person has opened them, their iterations and what is in those. */
import { iterationsOf, type ExecutionState, type Iteration, type NodeState } from "@/lib/events";
import type { FlowDefinition } from "../api";
import { around, itemsIn, type OutlineItem } from "./outline";

export type Row = {
  item: OutlineItem;
  /** How many bodies it lies in, counting each twice: the node, then the iteration. */
  depth: number;
  /** Whether it is unfolded; null when there is nothing to unfold. */
  open: boolean | null;
  /** Behind the last row of its iterations: how many of those that have begun are listed. */
  cut?: { listed: number; total: number };
};

/** So many iterations are listed at first, and with each request for more. */
export const PAGE = 100;

/** `opened` holds paths; what `selected` lies in is always open. `most` iterations are listed of a node that it names. */
export function rowsOf(
  items: OutlineItem[],
  state: ExecutionState,
  flow: FlowDefinition | undefined,
  opened: ReadonlySet<string>,
  selected: string | null,
  most: ReadonlyMap<string, number> = new Map(),
): Row[] {
  const open = new Set([...opened, ...(selected ? around(selected) : [])]);
  const below = (item: OutlineItem, depth: number): Row[] => {
    const node = state.nodes.get(item.id);
    const isIteration = item.type === "iteration";
    const folds = isIteration || node?.iterations != null;
    const row = { item, depth, open: folds ? open.has(item.id) : null };
    if (!row.open) return [row];
    if (isIteration) {
      const inner = flow ? itemsIn(flow, item.id) : [];
      return [row, ...inner.flatMap((one) => below(one, depth + 1))];
    }
    const all = iterationsOf(state.nodes, item.id);
    const listed = iterations(item, all, node, most.get(item.id) ?? PAGE, selected);
    const rows = listed.flatMap((one) => below(one, depth + 1));
    const cut = { listed: listed.length, total: all.length };
    if (cut.listed === cut.total) return [row, ...rows];
    return [row, ...rows, { item, depth: depth + 1, open: null, cut }];
  };
  return items.flatMap((item) => below(item, 0));
}

/** Those that failed come into the picture before those that only came later. */
function iterations(
  owner: OutlineItem,
  all: Iteration[],
  node: NodeState | undefined,
  most: number,
  selected: string | null,
): OutlineItem[] {
  const wanted = all.length <= most ? all : shortened(all, most, selected);
  return wanted.map(({ path, index }) => ({
    id: path,
    name: `${index + 1} of ${node?.iterations ?? all.length}`,
    type: "iteration",
  }));
}

function shortened(all: Iteration[], most: number, selected: string | null): Iteration[] {
  const isChosen = ({ path }: Iteration) =>
    selected !== null && (selected === path || selected.startsWith(`${path}.`));
  const matters = ({ node }: Iteration) => node.status === "failed" || node.status === "running";
  const first = new Set([...all.filter(isChosen), ...all.filter(matters)].slice(0, most));
  for (const one of all) {
    if (first.size >= most) break;
    first.add(one);
  }
  return all.filter((one) => first.has(one));
}
