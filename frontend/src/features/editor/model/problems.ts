/** What is wrong with a flow: the cheap checks made at once, merged with what the server found. */
import { descendants } from "./connect";
import { handleOf, nodeName, type FlowDefinition, type FlowNode } from "./definition";
import { belongs, room } from "./edits";
import { resolve, type JsonSchema } from "./json-schema";
import { allLevels } from "./levels";
import { portsOf, runs, type NodeTypes } from "./node-types";

export type Severity = "error" | "warning";

export type Problem = {
  node_id?: string | null;
  edge_id?: string | null;
  /** Dotted, from the node: `config.task.description`. */
  field?: string | null;
  code: string;
  message: string;
  severity: Severity;
};

/** The server's answer and the definition it was about. */
export type Checked = { flow: FlowDefinition; problems: Problem[] };

/**
 * The server's problems as far as what they are about has not changed since, and the instant ones
 * where the server has nothing to say; then those of what was `typed` and cannot be read. Nodes in bodies are named by path: `each.write`.
 */
export function mergeProblems(
  flow: FlowDefinition,
  types: NodeTypes,
  checked: Checked | null,
  typed: readonly Problem[] = [],
): Problem[] {
  const known = knownProblems(flow, types, checked);
  if (typed.length === 0) return known;
  const nodes = nodesByPath(flow, types);
  return [...known, ...typed.filter(({ node_id }) => node_id && nodes.has(node_id))];
}

function knownProblems(flow: FlowDefinition, types: NodeTypes, checked: Checked | null): Problem[] {
  // Moving a node changes only the layout, which has no problems.
  if (checked?.flow.nodes === flow.nodes && checked.flow.edges === flow.edges) {
    return checked.problems;
  }
  const before = nodesByPath(checked?.flow, types);
  const now = nodesByPath(flow, types);
  const edges = new Set(allLevels(flow, types).flatMap((level) => level.flow.edges));
  const ids = new Set([...edges].map((edge) => edge.id));
  const still = (checked?.problems ?? []).filter(({ node_id, edge_id }) => {
    if (edge_id) return ids.has(edge_id);
    return node_id ? now.has(node_id) && now.get(node_id) === before.get(node_id) : false;
  });
  const instant = instantProblems(flow, types);
  const known = new Set(still.map(place));
  return [...still, ...instant.filter((problem) => !known.has(place(problem)))];
}

function nodesByPath(flow: FlowDefinition | undefined, types: NodeTypes): Map<string, FlowNode> {
  const nodes = new Map<string, FlowNode>();
  if (!flow) return nodes;
  for (const { flow: level, path } of allLevels(flow, types)) {
    const prefix = path.map((id) => `${id}.`).join("");
    for (const node of level.nodes) nodes.set(prefix + node.id, node);
  }
  return nodes;
}

function place({ node_id, edge_id, field }: Problem): string {
  return `${node_id ?? ""}|${edge_id ?? ""}|${field ?? ""}`;
}

/** Problems that need no parser and no server, on every level. */
export function instantProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  return allLevels(flow, types).flatMap(({ flow: level, path }) =>
    level.outer?.isolated ? [] : levelProblems(level, types).map(at(path)),
  );
}

/** Named from the top; what is wrong with a body as a whole is its node's. */
function at(path: string[]): (problem: Problem) => Problem {
  return (problem) =>
    path.length === 0
      ? problem
      : { ...problem, node_id: [...path, ...(problem.node_id ? [problem.node_id] : [])].join(".") };
}

function levelProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  return [
    ...(flow.outer ? bodyProblems(flow, types) : endProblems(flow)),
    ...limitProblems(flow, types),
    ...flow.nodes.flatMap((node) => emptyFields(node, types)),
    ...(flow.outer ? [] : reachProblems(flow, types)),
    ...edgeProblems(flow, types),
  ];
}

function bodyProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  const severity = "error" as const;
  if (!flow.nodes.some((node) => runs(node, types))) {
    const message = "This body is empty. Open it and add a node.";
    return [{ code: "empty_body", message, severity }];
  }
  const message = "A body cannot have Input or Output nodes. Remove this node.";
  return flow.nodes
    .filter(({ type }) => type === "input" || type === "output")
    .map(({ id }) => ({ node_id: id, code: "not_in_a_body", message, severity }));
}

function endProblems(flow: FlowDefinition): Problem[] {
  const has = (type: string) => flow.nodes.some((node) => node.type === type);
  const problems: Problem[] = [];
  if (!has("input")) {
    const message = "The flow has no Input node. Add an Input node to start from.";
    problems.push({ code: "no_input", message, severity: "error" });
  }
  if (!has("output")) {
    const message =
      "The flow has no Output node, so its executions have no result. Add an Output node.";
    problems.push({ code: "no_output", message, severity: "warning" });
  }
  return problems;
}

function limitProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  return [...types.values()].flatMap((type) => {
    if (type.limit === null || !belongs(flow, type) || room(flow, type) >= 0) return [];
    const extra = flow.nodes.filter((node) => node.type === type.kind).slice(type.limit);
    return extra.map((node) => ({
      node_id: node.id,
      code: "too_many_of_type",
      message: `A flow can have only ${type.limit} ${type.title} node. Remove this node.`,
      severity: "error" as const,
    }));
  });
}

function reachProblems(flow: FlowDefinition, types: NodeTypes): Problem[] {
  const start = flow.nodes.find((node) => node.type === "input");
  if (!start) return [];
  const reached = descendants(flow, start.id);
  const message =
    "No edge leads here from the Input node, so this node never runs. Connect it or remove it.";
  return flow.nodes
    .filter((node) => !reached.has(node.id) && runs(node, types))
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

/** What was found of a node. Each letter typed checks the whole flow, in which one node is another. */
const emptyIn = new WeakMap<FlowNode, { types: NodeTypes; problems: Problem[] }>();

/** Required fields that are missing or empty. */
function emptyFields(node: FlowNode, types: NodeTypes): Problem[] {
  const known = emptyIn.get(node);
  if (known?.types === types) return known.problems;
  const problems = findEmpty(node, types);
  emptyIn.set(node, { types, problems });
  return problems;
}

function findEmpty(node: FlowNode, types: NodeTypes): Problem[] {
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
  // The nodes of a body are asked themselves.
  if (own.format === "body") return [];
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

/** The problems of one level: its nodes' own by their ids, and whatever lies in their bodies. */
export type ProblemIndex = {
  nodes: ReadonlyMap<string, Problem[]>;
  edges: ReadonlySet<string>;
};

/** `path` are the ids that lead to the level. */
export function indexProblems(problems: Problem[], path: readonly string[] = []): ProblemIndex {
  const prefix = path.map((id) => `${id}.`).join("");
  const nodes = new Map<string, Problem[]>();
  for (const problem of problems) {
    if (!problem.node_id?.startsWith(prefix)) continue;
    const id = problem.node_id.slice(prefix.length).split(".")[0] ?? "";
    const list = nodes.get(id);
    if (list) list.push(problem);
    else nodes.set(id, [problem]);
  }
  return { nodes, edges: new Set(problems.flatMap(({ edge_id }) => edge_id ?? [])) };
}
