/** Which values a node may read, by the names an expression calls them. */
import { ancestors } from "./connect";
import { nodeName, type Config, type FlowDefinition, type FlowNode } from "./definition";
import type { JsonSchema } from "./json-schema";
import { bodyFlow, framePath, prefixOf, TOP, type Level } from "./levels";
import type { NodeTypes } from "./node-types";
import { readPath } from "./paths";

/** How deep into an output schema values are offered. */
const DEPTH = 3;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

export type UpstreamValue = {
  /** What an expression says, e.g. `nodes.research.output.title`. */
  expression: string;
  /** Under which heading it is offered: the inputs, or the node that gives it, by its path in an execution. */
  source: { id: string | null; name: string; type: string };
  /** The value's own name, e.g. `title`. */
  name: string;
  /** string, number, object...; empty when unknown. */
  kind: string;
  /** Where its last value lies: `inputs` or the node's output, and the path below. */
  path: (string | number)[];
  /** It is what an iteration works on, and not what a node gave. */
  given?: boolean;
};

/** What an execution gave, to show beside the names. */
export type LastValues = {
  inputs: Record<string, unknown> | null;
  output: (path: string) => unknown;
  input: (path: string) => unknown;
};

/**
 * Everything `nodeId` may read: what is new in the body it stands in, the flow's inputs, then nodes
 * before it, the nearest first, and those before the body. `level` says where in an execution `flow` is.
 */
export function upstreamValues(
  flow: FlowDefinition,
  nodeId: string,
  level: Level = TOP,
): UpstreamValue[] {
  return distinct([
    ...localValues(flow, level),
    ...inputsAround(flow, nodeId),
    ...before(flow, nodeId, level),
    ...around(flow, level),
  ]);
}

/** What the fields of `owner` may read that are evaluated when its body has run. */
export function innerValues(
  flow: FlowDefinition,
  owner: FlowNode,
  types: NodeTypes,
  level: Level = TOP,
): UpstreamValue[] {
  const body = bodyFlow(flow, owner, types);
  if (!body) return upstreamValues(flow, owner.id, level);
  const inside = [...level, { node: owner.id, iteration: 0 }];
  return distinct([
    ...localValues(body, inside),
    ...body.nodes.flatMap((node) => outputValues(node, prefixOf(inside))),
    ...upstreamValues(flow, owner.id, level),
  ]);
}

function before(flow: FlowDefinition, nodeId: string, level: Level): UpstreamValue[] {
  const nodes = new Map(flow.nodes.map((node) => [node.id, node]));
  const prefix = prefixOf(level);
  return ancestors(flow, nodeId).flatMap((id) => {
    const node = nodes.get(id);
    return node && node.type !== "input" ? outputValues(node, prefix) : [];
  });
}

/** What has finished before the body begins that `flow` is. */
function around({ outer }: FlowDefinition, level: Level): UpstreamValue[] {
  if (!outer || outer.isolated) return [];
  const above = level.slice(0, -1);
  return [...before(outer.flow, outer.owner.id, above), ...around(outer.flow, above)];
}

function inputsAround(flow: FlowDefinition, nodeId: string): UpstreamValue[] {
  const { outer } = flow;
  if (outer && !outer.isolated) return inputsAround(outer.flow, outer.owner.id);
  const input = flow.nodes.find((node) => node.type === "input");
  return input && input.id !== nodeId ? inputValues(input) : [];
}

/** `item` and `index` in a Map, `index` and `previous` in a Loop; those of the nearest body first. */
function localValues({ outer }: FlowDefinition, level: Level): UpstreamValue[] {
  if (!outer || outer.isolated) return [];
  const source = { id: framePath(level), name: nodeName(outer.owner), type: outer.owner.type };
  // What it works on matters more than its number.
  const names = outer.locals.toSorted(
    (one, other) => Number(one === "index") - Number(other === "index"),
  );
  const own = names.map((name): UpstreamValue => {
    const kind = name === "index" ? "integer" : "";
    return { expression: name, source, name, kind, path: [], given: true };
  });
  return [...own, ...localValues(outer.flow, level.slice(0, -1))];
}

function distinct(values: UpstreamValue[]): UpstreamValue[] {
  return [...new Map(values.toReversed().map((it) => [it.expression, it])).values()].toReversed();
}

/** The last value behind an upstream value, or undefined when no execution gave one. */
export function lastValue(value: UpstreamValue, last: LastValues): unknown {
  const { id } = value.source;
  if (id === null) return readPath(last.inputs, value.path);
  if (value.given) return localValue(value.name, id, last);
  return readPath(last.output(id), value.path);
}

function localValue(name: string, frame: string, last: LastValues): unknown {
  const index = Number.parseInt(frame.slice(frame.lastIndexOf("[") + 1), 10);
  const input = last.input(frame);
  if (name === "item") return input;
  if (input === undefined) return undefined;
  return name === "index"
    ? index
    : last.output(`${frame.slice(0, frame.lastIndexOf("["))}[${index - 1}]`);
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

function outputValues(node: FlowNode, prefix: string): UpstreamValue[] {
  const source = { id: prefix + node.id, name: nodeName(node), type: node.type };
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
  const known = fixedOutputs[node.type];
  if (known) return known;
  const tasks = readPath(config, ["crew", "tasks"]);
  const last = Array.isArray(tasks) ? (tasks as Config[]).at(-1) : undefined;
  const declared =
    config.output_schema ?? readPath(config, ["task", "output_schema"]) ?? last?.output_schema;
  return typeof declared === "object" && declared !== null
    ? (declared as JsonSchema)
    : { type: "string" };
}

const text: JsonSchema = { type: "string" };
/** Outputs that are the same for every node of a type. */
const fixedOutputs: Record<string, JsonSchema> = {
  map: { type: "array" },
  loop: {},
  subflow: { type: "object" },
  wait: {},
  note: {},
  approval: {
    type: "object",
    properties: { decision: text, by: text, comment: text, values: { type: "object" } },
  },
  http_request: {
    type: "object",
    properties: { status: { type: "integer" }, headers: { type: "object" }, body: {}, url: text },
  },
};

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
