/** Which values a node may read, by the names an expression calls them. */
import { ancestors } from "./connect";
import { findNode, nodeName, type Config, type FlowDefinition, type FlowNode } from "./definition";
import type { JsonSchema } from "./json-schema";
import { readPath } from "./paths";

/** How deep into an output schema values are offered. */
const DEPTH = 3;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

export type UpstreamValue = {
  /** What an expression says, e.g. `nodes.research.output.title`. */
  expression: string;
  /** Under which heading it is offered: the inputs, or the node that gives it. */
  source: { id: string | null; name: string; type: string };
  /** The value's own name, e.g. `title`. */
  name: string;
  /** string, number, object...; empty when unknown. */
  kind: string;
  /** Where its last value lies: `inputs` or the node's output, and the path below. */
  path: (string | number)[];
};

/** What a run gave, to show beside the names. */
export type LastValues = {
  inputs: Record<string, unknown> | null;
  output: (nodeId: string) => unknown;
};

/** Everything `nodeId` may read: the flow's inputs first, then nodes before it, the nearest first. */
export function upstreamValues(flow: FlowDefinition, nodeId: string): UpstreamValue[] {
  const before = ancestors(flow, nodeId)
    .map((id) => findNode(flow, id))
    .filter((node) => node !== undefined);
  const input = flow.nodes.find((node) => node.type === "input");
  const outputs = before.filter((node) => node.type !== "input").flatMap(outputValues);
  return [...(input && input.id !== nodeId ? inputValues(input) : []), ...outputs];
}

/** The last value behind an upstream value, or undefined when no run gave one. */
export function lastValue(value: UpstreamValue, last: LastValues): unknown {
  const root = value.source.id === null ? last.inputs : last.output(value.source.id);
  return readPath(root, value.path);
}

function inputValues(input: FlowNode): UpstreamValue[] {
  const fields = input.config.fields;
  return (Array.isArray(fields) ? (fields as Config[]) : [])
    .filter((field) => typeof field.name === "string" && field.name !== "")
    .map((field) => ({
      expression: `inputs.${String(field.name)}`,
      source: { id: null, name: "Inputs", type: "input" },
      name: String(field.name),
      kind: field.type === "text" ? "string" : String(field.type ?? "string"),
      path: [String(field.name)],
    }));
}

function outputValues(node: FlowNode): UpstreamValue[] {
  const source = { id: node.id, name: nodeName(node), type: node.type };
  const root = `nodes.${node.id}.output`;
  const schema = outputSchema(node);
  const whole = { expression: root, source, name: "output", kind: kindOf(schema), path: [] };
  const inner = below(schema, DEPTH).map(({ keys, kind }) => ({
    expression: root + keys.map(selector).join(""),
    source,
    name: keys.join("."),
    kind,
    path: keys,
  }));
  return [whole, ...inner];
}

/** What the node's output looks like, as far as its configuration tells. */
function outputSchema(node: FlowNode): JsonSchema {
  const { config } = node;
  if (node.type === "condition") {
    return { type: "object", properties: { branch: { type: "string" } } };
  }
  if (node.type === "transform" || node.type === "output") {
    const values = (config.values ?? {}) as Config;
    const properties = Object.keys(values).map((name): [string, JsonSchema] => [name, {}]);
    return { type: "object", properties: Object.fromEntries(properties) };
  }
  const tasks = readPath(config, ["crew", "tasks"]);
  const last = Array.isArray(tasks) ? (tasks as Config[]).at(-1) : undefined;
  const declared =
    config.output_schema ?? readPath(config, ["task", "output_schema"]) ?? last?.output_schema;
  return typeof declared === "object" && declared !== null
    ? (declared as JsonSchema)
    : { type: "string" };
}

function below(schema: JsonSchema, depth: number): { keys: string[]; kind: string }[] {
  if (depth === 0 || !isObject(schema.properties)) return [];
  return Object.entries(schema.properties).flatMap(([key, property]) => {
    if (!isObject(property)) return [];
    const inner = below(property, depth - 1).map((it) => ({ ...it, keys: [key, ...it.keys] }));
    return [{ keys: [key], kind: kindOf(property) }, ...inner];
  });
}

function kindOf(schema: JsonSchema): string {
  return typeof schema.type === "string" ? schema.type : "";
}

function isObject(value: unknown): value is Record<string, JsonSchema> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function selector(key: string): string {
  return IDENTIFIER.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
