/** The rows of a timeline: steps, and where a person has opened them, their iterations and what is in those. */
import { iterationsOf, type ExecutionState } from "@/lib/events";
import type { FlowDefinition } from "../api";
import { around, stepsIn, type Step } from "./outline";

export type Row = {
  step: Step;
  /** How many bodies it lies in, counting each twice: the node, then the iteration. */
  depth: number;
  /** Whether it is unfolded; null when there is nothing to unfold. */
  open: boolean | null;
};

/** More iterations than this make a list of their own, beside the timeline. */
export const MOST = 100;

/** `opened` holds paths; what `selected` lies in is always open. */
export function rowsOf(
  steps: Step[],
  state: ExecutionState,
  flow: FlowDefinition | undefined,
  opened: ReadonlySet<string>,
  selected: string | null,
): Row[] {
  const open = new Set([...opened, ...(selected ? around(selected) : [])]);
  const below = (step: Step, depth: number): Row[] => {
    const node = state.nodes.get(step.id);
    const isIteration = step.type === "iteration";
    const folds = isIteration || node?.iterations != null;
    const row = { step, depth, open: folds ? open.has(step.id) : null };
    if (!row.open) return [row];
    const inner = isIteration
      ? flow
        ? stepsIn(flow, step.id)
        : []
      : iterations(step, state, selected);
    return [row, ...inner.flatMap((one) => below(one, depth + 1))];
  };
  return steps.flatMap((step) => below(step, 0));
}

/** Those that failed come into the picture before those that only came later. */
function iterations(owner: Step, state: ExecutionState, selected: string | null): Step[] {
  const all = iterationsOf(state.nodes, owner.id);
  const wanted = all.length <= MOST ? all : shortened(all, selected);
  return wanted.map(({ path, index }) => ({
    id: path,
    name: `${index + 1} of ${state.nodes.get(owner.id)?.iterations ?? all.length}`,
    type: "iteration",
  }));
}

function shortened(all: ReturnType<typeof iterationsOf>, selected: string | null) {
  const matters = ({ path, node }: (typeof all)[number]) =>
    node.status === "failed" ||
    node.status === "running" ||
    (selected !== null && (selected === path || selected.startsWith(`${path}.`)));
  const first = new Set(all.filter(matters).slice(0, MOST));
  for (const one of all) {
    if (first.size >= MOST) break;
    first.add(one);
  }
  return all.filter((one) => first.has(one));
}
