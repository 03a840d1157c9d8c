/** The steps of a flow in the order in which they run, with the names people gave them. */
import type { FlowDefinition } from "../api";

export type Step = { id: string; name: string; type: string };

const typeNames: Record<string, string> = {
  input: "Input",
  output: "Output",
  agent: "Agent",
  crew: "Crew",
  llm: "LLM",
  condition: "Condition",
  transform: "Transform",
};

export function typeName(type: string): string {
  return typeNames[type] ?? type;
}

/** Each step comes after those that lead to it; what the drawing leaves open keeps its order. */
export function outline({ nodes, edges }: FlowDefinition): Step[] {
  const open = new Map(nodes.map(({ id }) => [id, 0]));
  const targets = new Map<string, string[]>();
  for (const { source, target } of edges) {
    open.set(target, (open.get(target) ?? 0) + 1);
    targets.set(source, [...(targets.get(source) ?? []), target]);
  }
  const queue = nodes.filter(({ id }) => open.get(id) === 0).map(({ id }) => id);
  for (const id of queue) {
    for (const target of targets.get(id) ?? []) {
      const left = (open.get(target) ?? 0) - 1;
      open.set(target, left);
      if (left === 0) queue.push(target);
    }
  }
  const rank = new Map(queue.map((id, index) => [id, index]));
  return [...nodes]
    .sort((one, other) => (rank.get(one.id) ?? Infinity) - (rank.get(other.id) ?? Infinity))
    .map(({ id, label, type }) => ({ id, name: label || id, type }));
}

/** Steps for nodes of which nothing but their events is known. */
export function bareSteps(ids: Iterable<string>): Step[] {
  return [...ids].map((id) => ({ id, name: id, type: "" }));
}
