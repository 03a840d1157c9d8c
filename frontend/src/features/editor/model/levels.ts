/** Levels of a flow: the flow itself, and the bodies within it, each shown and edited as a flow of its own. */
import { findNode, SCHEMA, type Config, type FlowDefinition, type FlowNode } from "./definition";
import type { NodeTypes } from "./node-types";

/** The way down: whose body is open, and which of its iterations an execution is shown of. */
export type Level = readonly LevelPart[];
/** One body on that way, and its iteration. */
export type LevelPart = { node: string; iteration: number };

/** What lies around a body. It is never saved. */
export type Outer = {
  /** The level that the body's node stands on. */
  flow: FlowDefinition;
  owner: FlowNode;
  /** Names that expressions in the body may read besides inputs and nodes. */
  locals: string[];
  /** The body is a flow of its own, which sees nothing around it. */
  isolated: boolean;
};

export const TOP: Level = [];

/** The path of a frame, e.g. `each[2]`; empty for the flow itself. */
export function framePath(level: Level): string {
  return level.map(({ node, iteration }) => `${node}[${iteration}]`).join(".");
}

/** What comes before a node's id in its path, e.g. `each[2].`. */
export function prefixOf(level: Level): string {
  return level.length === 0 ? "" : `${framePath(level)}.`;
}

/** The level that a frame's path leads to, e.g. of `each[2]`. */
export function levelOf(path: string): Level {
  if (path === "") return TOP;
  return path.split(".").map((part) => {
    const [node = "", index = "0"] = part.split("[");
    return { node, iteration: Number.parseInt(index, 10) || 0 };
  });
}

/** A path of an execution as the level to open and the node to choose there; null for an iteration itself. */
export function locate(path: string): { level: Level; node: string | null } {
  if (path.endsWith("]")) return { level: levelOf(path), node: null };
  const at = path.lastIndexOf(".");
  return { level: levelOf(path.slice(0, Math.max(0, at))), node: path.slice(at + 1) };
}

/** A path without iterations, as problems have it: `each.write`. */
export function idPath(level: Level, id: string): string {
  return [...level.map(({ node }) => node), id].join(".");
}

/** Whether the node has a body that can be opened. */
export function hasBody(node: FlowNode, types: NodeTypes): boolean {
  const body = types.get(node.type)?.body;
  return body ? !body.isolated || isRecord(node.config[body.field]) : false;
}

/** How many nodes the body of a node has. */
export function bodySize(node: FlowNode, types: NodeTypes): number {
  const field = types.get(node.type)?.body?.field;
  const body = field === undefined ? undefined : node.config[field];
  return isRecord(body) && Array.isArray(body.nodes) ? body.nodes.length : 0;
}

/** The body of a node on `flow`, as a flow; null when it has none. */
export function bodyFlow(
  flow: FlowDefinition,
  owner: FlowNode,
  types: NodeTypes,
): FlowDefinition | null {
  const body = types.get(owner.type)?.body;
  if (!body || !hasBody(owner, types)) return null;
  const written = (owner.config[body.field] ?? {}) as Partial<FlowDefinition>;
  return {
    schema: SCHEMA,
    nodes: (written.nodes ?? []).map(complete),
    edges: written.edges ?? [],
    layout: written.layout ?? {},
    outer: { flow, owner, locals: body.locals, isolated: body.isolated },
  };
}

function complete(node: FlowNode): FlowNode {
  const whole = typeof node.label === "string" && isRecord(node.config);
  return whole ? node : { ...node, label: node.label ?? "", config: node.config ?? {} };
}

/** The flow of a level; null when the way leads nowhere (any more). */
export function readLevel(
  whole: FlowDefinition,
  level: Level,
  types: NodeTypes,
): FlowDefinition | null {
  return level.reduce<FlowDefinition | null>((flow, { node }) => {
    const owner = flow && findNode(flow, node);
    return owner ? bodyFlow(flow, owner, types) : null;
  }, whole);
}

/** The level as far down as it still exists. */
export function existingLevel(whole: FlowDefinition, level: Level, types: NodeTypes): Level {
  for (let depth = level.length; depth > 0; depth -= 1) {
    if (readLevel(whole, level.slice(0, depth), types)) return level.slice(0, depth);
  }
  return TOP;
}

/** The whole flow after a level of it became `next`. What `next` says of its owner counts too. */
export function writeLevel(next: FlowDefinition, types: NodeTypes): FlowDefinition {
  const { outer, nodes, edges, layout } = next;
  if (!outer) return next;
  const { flow, owner } = outer;
  const field = types.get(owner.type)?.body?.field;
  if (!field) return flow;
  const config = { ...owner.config, [field]: { nodes, edges, layout } };
  const written = flow.nodes.map((node) => (node.id === owner.id ? { ...owner, config } : node));
  return writeLevel({ ...flow, nodes: written }, types);
}

/** The deepest level that holds every difference between two definitions. */
export function changedLevel(one: FlowDefinition, other: FlowDefinition, types: NodeTypes): Level {
  if (one.edges !== other.edges || one.layout !== other.layout) return TOP;
  if (one.nodes.length !== other.nodes.length) return TOP;
  const changed = one.nodes.flatMap((node, index) => {
    const now = other.nodes[index];
    return now && node !== now ? [{ node, now }] : [];
  });
  const [only] = changed;
  if (!only || changed.length > 1 || only.node.id !== only.now.id) return TOP;
  const { node, now } = only;
  const field = types.get(node.type)?.body?.field;
  if (!field || !sameBut(node, now, "config") || !sameBut(node.config, now.config, field)) {
    return TOP;
  }
  const [before, after] = [bodyFlow(one, node, types), bodyFlow(other, now, types)];
  if (!before || !after) return TOP;
  return [{ node: node.id, iteration: 0 }, ...changedLevel(before, after, types)];
}

function sameBut(one: object, other: object, key: string): boolean {
  const [before, after] = [one as Config, other as Config];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].every((name) => name === key || before[name] === after[name]);
}

/** Every level of a flow with the ids that lead to it, the flow itself first. */
export function allLevels(
  flow: FlowDefinition,
  types: NodeTypes,
  path: string[] = [],
): { flow: FlowDefinition; path: string[] }[] {
  const inner = flow.nodes.flatMap((node) => {
    const body = bodyFlow(flow, node, types);
    return body ? allLevels(body, types, [...path, node.id]) : [];
  });
  return [{ flow, path }, ...inner];
}

function isRecord(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
