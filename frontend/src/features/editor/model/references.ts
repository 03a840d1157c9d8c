/** Renaming nodes and inputs everywhere a configuration reads them. */
import type { Config, FlowNode } from "./definition";
import { renameInCel, renameInTemplate, type Renames } from "./expressions";
import { resolve, type JsonSchema } from "./json-schema";
import type { NodeTypes } from "./node-types";

/** The node with every renamed thing it reads under its new name; the same object when it reads none. */
export function renameReferences(node: FlowNode, renames: Renames, types: NodeTypes): FlowNode {
  const schema = types.get(node.type)?.config_schema ?? {};
  if (!node.config) return node;
  const config = rename(node.config, schema, schema, renames, types) as Config;
  return config === node.config ? node : { ...node, config };
}

type Body = { nodes?: FlowNode[] };

function rename(
  value: unknown,
  schema: JsonSchema,
  root: JsonSchema,
  renames: Renames,
  types: NodeTypes,
): unknown {
  if (typeof value === "string") {
    return resolve(schema, root).format === "cel"
      ? renameInCel(value, renames)
      : renameInTemplate(value, renames);
  }
  if (typeof value !== "object" || value === null) return value;
  const own = resolve(schema, root);
  if (own.format === "body") return renameInBody(value as Body, renames, types);
  if (Array.isArray(value)) {
    const next = value.map((item) => rename(item, own.items ?? {}, root, renames, types));
    return next.every((item, index) => item === value[index]) ? value : next;
  }
  const entries = Object.entries(value);
  const next = entries.map(([key, item]): [string, unknown] => [
    key,
    rename(item, own.properties?.[key] ?? {}, root, renames, types),
  ]);
  return next.every(([, item], index) => item === entries[index]?.[1])
    ? value
    : Object.fromEntries(next);
}

function renameInBody(body: Body, renames: Renames, types: NodeTypes): Body {
  const before = body.nodes ?? [];
  const nodes = before.map((node) => renameReferences(node, renames, types));
  return nodes.every((node, index) => node === before[index]) ? body : { ...body, nodes };
}
