/** What is wrong with a flow: the cheap checks made at once, merged with what the server found. */
import { descendants } from "./connect";
import { handleOf, nodeName, type FlowDefinition, type FlowNode } from "./definition";
import { room } from "./edits";
import { resolve, type JsonSchema } from "./json-schema";
import { portsOf, type NodeTypes } from "./node-types";

export type Problem = {
  node_id?: string | null;
  edge_id?: string | null;
  /** Dotted, from the node: `config.task.description`. */
  field?: string | null;
  code: string;
  message: string;
  severity: "error" | "warning";
};

/** The server's answer and the definition it was about. */
export type Checked = { flow: FlowDefinition; problems: Problem[] };

/**
 * The server's problems as far as what they are about has not changed since, and the instant ones
 * where the server has nothing to say.
 */
export function mergeProblems(
  flow: FlowDefinition,
  types: NodeTypes,
  checked: Checked | null,
): Problem[] {
  // Moving a node changes only the layout, which has no problems.
  if (checked?.flow.nodes === flow.nodes && checked.flow.edges === flow.edges) {
    return checked.problems;
  }
  const before = new Map(checked?.flow.nodes.map((node) => [node.id, node]));
  const now = new Map(flow.nodes.map((node) => [node.id, node]));
  const edges = new Set(flow.edges.map((edge) => edge.id));
  const still = (checked?.problems ?? []).filter(({ node_id, edge_id }) => {
    if (edge_id) return edges.has(edge_id);
    return node_id ? now.has(node_id) && now.get(node_id) === before.get(node_id) : false;
  });
  const instant = instantProblems(flow, types);
  const known = new Set(still.map(place));
  return [...still, ...instant.filter((problem) => !known.has(place(problem)))];
}

function place({ node_id, edge_id, field }: Problem): string {
  return `${node_id ?? ""}|${edge_id ?? ""}|${field ?? ""}`;
}

/** Problems that need no parser and no server. */
export function instantProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  return [
    ...endProblems(flow),
    ...limitProblems(flow, types),
    ...flow.nodes.flatMap((node) => emptyFields(node, types)),
    ...reachProblems(flow),
    ...edgeProblems(flow, types),
  ];
}

function endProblems(flow: FlowDefinition): Problem[] {
  const has = (type: string) => flow.nodes.some((node) => node.type === type);
  const problems: Problem[] = [];
  if (!has("input")) {
    const message = "The flow has no Input node; add one to start from.";
    problems.push({ code: "no_input", message, severity: "error" });
  }
  if (!has("output")) {
    const message = "The flow has no Output node, so a run gives no result.";
    problems.push({ code: "no_output", message, severity: "warning" });
  }
  return problems;
}

function limitProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  return [...types.values()].flatMap((type) => {
    if (type.limit === null || room(flow, type) >= 0) return [];
    const extra = flow.nodes.filter((node) => node.type === type.kind).slice(type.limit);
    return extra.map((node) => ({
      node_id: node.id,
      code: "too_many_of_type",
      message: `A flow has only ${type.limit} ${type.title} node; remove this one.`,
      severity: "error" as const,
    }));
  });
}

function reachProblems(flow: FlowDefinition): Problem[] {
  const start = flow.nodes.find((node) => node.type === "input");
  if (!start) return [];
  const reached = descendants(flow, start.id);
  const message =
    "Nothing leads here from the Input node, so it would never run. Connect or remove it.";
  return flow.nodes
    .filter((node) => !reached.has(node.id))
    .map((node) => ({ node_id: node.id, code: "unreachable", message, severity: "error" }));
}

function edgeProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  const nodes = new Map(flow.nodes.map((node) => [node.id, node]));
  return flow.edges.flatMap((edge): Problem[] => {
    const source = nodes.get(edge.source);
    if (!source || portsOf(source, types).some((port) => port.handle === handleOf(edge))) return [];
    const message = `${nodeName(source)} has no branch “${handleOf(edge) ?? "default"}”. Remove the edge or connect another branch.`;
    return [{ edge_id: edge.id, code: "edge_unknown_handle", message, severity: "error" }];
  });
}

/** Required fields that are missing or empty. */
function emptyFields(node: FlowNode, types: NodeTypes): Problem[] {
  const schema = types.get(node.type)?.config_schema;
  if (!schema) {
    const message = `There is no node type “${node.type}”.`;
    return [
      { node_id: node.id, field: "type", code: "unknown_node_type", message, severity: "error" },
    ];
  }
  return missing(node.config, schema, schema, "config").map(([field, message]) => ({
    node_id: node.id,
    field,
    code: "config_missing",
    message,
    severity: "error",
  }));
}

function missing(
  value: unknown,
  schema: JsonSchema,
  root: JsonSchema,
  at: string,
): [field: string, message: string][] {
  const own = resolve(schema, root);
  if (typeof value === "string" && own.minLength && value === "") {
    return [[at, "This field is empty."]];
  }
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => missing(item, own.items ?? {}, root, `${at}.${index}`));
  }
  if (typeof value !== "object" || value === null || !own.properties) return [];
  const record = value as Record<string, unknown>;
  const absent = (own.required ?? []).filter((name) => record[name] === undefined);
  return [
    ...absent.map((name): [string, string] => [`${at}.${name}`, "This field is required."]),
    ...Object.entries(own.properties).flatMap(([name, property]) =>
      record[name] === undefined ? [] : missing(record[name], property, root, `${at}.${name}`),
    ),
  ];
}

/** Problems by the node or edge they are about, so that each finds its own at once. */
export type ProblemIndex = {
  nodes: ReadonlyMap<string, Problem[]>;
  edges: ReadonlySet<string>;
};

export function indexProblems(problems: Problem[]): ProblemIndex {
  const nodes = new Map<string, Problem[]>();
  for (const problem of problems) {
    if (!problem.node_id) continue;
    const list = nodes.get(problem.node_id);
    if (list) list.push(problem);
    else nodes.set(problem.node_id, [problem]);
  }
  return { nodes, edges: new Set(problems.flatMap(({ edge_id }) => edge_id ?? [])) };
}
