/** The nodes of a flow in the order in which they run, with the names people gave them. */
import type { FlowDefinition } from "../api";

/** A node, or an iteration of one. `id` is its path in an execution: `each[3].ask` is `ask` in the fourth iteration of `each`. */
export type OutlineItem = { id: string; name: string; type: string };

type Graph = Pick<FlowDefinition, "nodes" | "edges">;

const typeNames: Record<string, string> = {
  input: "Input",
  output: "Output",
  agent: "Agent",
  crew: "Crew",
  llm: "LLM",
  condition: "Condition",
  transform: "Transform",
  map: "Map",
  loop: "Loop",
  subflow: "Sub-flow",
  wait: "Wait",
  approval: "Approval",
  http_request: "HTTP request",
  tool: "Tool",
  code: "Code",
  iteration: "Iteration",
};

export function typeName(type: string): string {
  return typeNames[type] ?? type;
}

/** Each node comes after those that lead to it; what the drawing leaves open keeps its order. */
export function outline({ nodes: all, edges }: Graph): OutlineItem[] {
  // Notes never run.
  const nodes = all.filter(({ type }) => type !== "note");
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

/** Items for nodes of which nothing but their events is known; those in bodies may be many thousands. */
export function bareItems(ids: Iterable<string>): OutlineItem[] {
  return [...ids].filter((id) => !id.includes("[")).map((id) => ({ id, name: id, type: "" }));
}

/** The nodes of one iteration, e.g. of `each[3]`; none when it has no body that is known. */
export function itemsIn(flow: FlowDefinition, iteration: string): OutlineItem[] {
  const body = bodyAt(flow, iteration);
  return body ? outline(body).map((item) => ({ ...item, id: `${iteration}.${item.id}` })) : [];
}

/** The item at a path: a node, or an iteration of one. Undefined when the flow has none there. */
export function itemAt(flow: FlowDefinition, path: string): OutlineItem | undefined {
  const dot = path.lastIndexOf(".");
  const graph = dot < 0 ? flow : bodyAt(flow, path.slice(0, dot));
  const last = path.slice(dot + 1);
  const [id = "", index] = last.split("[");
  const node = graph?.nodes.find((one) => one.id === id);
  if (!node) return undefined;
  const name = node.label || node.id;
  return index === undefined
    ? { id: path, name, type: node.type }
    : { id: path, name: `${name}, ${Number.parseInt(index, 10) + 1}`, type: "iteration" };
}

/** The body that an iteration runs. */
function bodyAt(flow: FlowDefinition, iteration: string): Graph | undefined {
  return iteration.split(".").reduce<Graph | undefined>((graph, part) => {
    const id = part.split("[")[0];
    const config = graph?.nodes.find((node) => node.id === id)?.config;
    const body = (config?.body ?? config?.flow) as Partial<Graph> | null | undefined;
    return body ? { nodes: body.nodes ?? [], edges: body.edges ?? [] } : undefined;
  }, flow);
}

/** The nodes and iterations that a path lies in, the outermost first. */
export function around(path: string): string[] {
  const found: string[] = [];
  for (let at = path.search(/[[.]/); at >= 0; at = next(path, at)) found.push(path.slice(0, at));
  return found;
}

function next(path: string, after: number): number {
  const at = path.slice(after + 1).search(/[[.]/);
  return at < 0 ? -1 : after + 1 + at;
}

/** Where an event happened: the node's name, with the iterations that it lies in. */
export function eventPlace(path: string, find: (path: string) => OutlineItem | undefined): string {
  const inside = around(path).filter((one) => one.endsWith("]"));
  const names = [...inside, path].map((one) => find(one)?.name);
  return names.every((name) => name !== undefined) ? names.join(" · ") : path;
}
