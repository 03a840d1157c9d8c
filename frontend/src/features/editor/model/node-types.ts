/** What the server tells about each node type, and the ports that follow from a node's config. */
import { ERROR_HANDLE, type Config, type FlowNode } from "./definition";
import type { JsonSchema } from "./json-schema";

export type NodeGroup = "flow" | "agents" | "models" | "tools" | "logic" | "people";

/** Right-hand ports: a fixed list, or one per entry of a config list and one for everything else. */
export type HandleRule =
  { fixed: (string | null)[] } | { list: string; name: string; otherwise?: string | null };

export type NodeTypeInfo = {
  kind: string;
  title: string;
  description: string;
  group: NodeGroup;
  /** A lucide icon name, e.g. "message-square-text". */
  icon: string;
  /** Other words that people look for it by. */
  keywords: string[];
  accepts_input: boolean;
  /** How many a flow may have; null for any number. */
  limit: number | null;
  pure: boolean;
  config_schema: JsonSchema;
  handles: HandleRule;
  default_config: Config;
  /** Where its body stands in the configuration, and what is new to read in there; null for none. */
  body?: { field: string; locals: string[]; isolated: boolean } | null;
  /** False for remarks, which are only looked at. */
  runs?: boolean;
  /** It waits for a time or a person, and says in its own form how long: a time-out does nothing for it. */
  waits?: boolean;
};

export type NodeTypes = ReadonlyMap<string, NodeTypeInfo>;

/** A connection point at the right; `handle` null is the default one, which needs no name. */
export type Port = { handle: string | null; label: string };

export function indexTypes(items: NodeTypeInfo[]): NodeTypes {
  return new Map(items.map((item) => [item.kind, item]));
}

/** The right-hand ports of a node. A node of an unknown type keeps the default one. */
export function portsOf(node: FlowNode, types: NodeTypes): Port[] {
  const rule = types.get(node.type)?.handles ?? { fixed: [null] };
  const names = "fixed" in rule ? rule.fixed : listed(node.config, rule);
  const ports = names.map((handle) => ({ handle, label: handle ?? "" }));
  if (node.on_error === "branch") ports.push({ handle: ERROR_HANDLE, label: ERROR_HANDLE });
  return ports;
}

function listed(config: Config, rule: Extract<HandleRule, { list: string }>): string[] {
  const entries = config[rule.list];
  const names = (Array.isArray(entries) ? entries : []).map((entry: unknown) =>
    typeof entry === "object" && entry !== null ? (entry as Config)[rule.name] : undefined,
  );
  if (rule.otherwise) names.push(config[rule.otherwise] ?? "otherwise");
  // A name typed twice is a problem of its own; two ports with one name would break the canvas.
  return [...new Set(names.filter((name) => typeof name === "string" && name !== ""))] as string[];
}

/** Whether arrows may lead into nodes of this type. */
export function acceptsInput(node: FlowNode, types: NodeTypes): boolean {
  return types.get(node.type)?.accepts_input ?? true;
}

/** Whether an execution does anything at the node. */
export function runs(node: FlowNode, types: NodeTypes): boolean {
  return types.get(node.type)?.runs ?? true;
}
