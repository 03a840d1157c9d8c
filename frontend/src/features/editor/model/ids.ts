/** Ids that fit the definition's rules and are not taken yet. */
import { ID_PATTERN, type FlowDefinition, type FlowNode } from "./definition";

const MAX_LENGTH = 63;

/** "Find the Facts!" becomes "find_the_facts"; text without any letter becomes `fallback`. */
export function slug(text: string, fallback = "node"): string {
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+|_+$/g, "")
    .slice(0, MAX_LENGTH)
    .replace(/_+$/, "");
  return ID_PATTERN.test(plain) ? plain : fallback;
}

/** `base`, or `base_2`, `base_3`... : the first that is free. */
export function uniqueId(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base;
  // "agent_2" counts on as "agent_3", not as "agent_2_2".
  const stem = base.replace(/_\d+$/, "") || base;
  for (let number = 2; ; number += 1) {
    const suffix = `_${number}`;
    const id = stem.slice(0, MAX_LENGTH - suffix.length) + suffix;
    if (!taken.has(id)) return id;
  }
}

export function nodeIds(flow: FlowDefinition): Set<string> {
  return new Set(flow.nodes.map((node) => node.id));
}

/** The body that a node is configured with, by its shape: a whole flow within it names its schema. */
export function bodyIn(node: FlowNode): { field: string; body: Body } | null {
  for (const [field, value] of Object.entries(node.config ?? {})) {
    if (typeof value !== "object" || value === null || "schema" in value) continue;
    if ("nodes" in value && Array.isArray(value.nodes)) return { field, body: value as Body };
  }
  return null;
}

type Body = Pick<FlowDefinition, "nodes"> & Partial<Pick<FlowDefinition, "edges" | "layout">>;

/** Every id that a new node cannot have: ids differ from those around a body, and from those within. */
export function takenIds(flow: FlowDefinition): Set<string> {
  const taken = new Set(flow.nodes.flatMap((node) => [...idsOf(node)]));
  for (let { outer } = flow; outer && !outer.isolated; outer = outer.flow.outer) {
    // The level itself is in there as it was before this edit, so only what stands beside it counts.
    const { owner } = outer;
    outer.flow.nodes.forEach((node) => {
      if (node.id === owner.id) taken.add(node.id);
      else idsOf(node).forEach((id) => taken.add(id));
    });
  }
  return taken;
}

/** The node's id and those of the nodes in its body. */
export function idsOf(node: FlowNode): string[] {
  return [node.id, ...(bodyIn(node)?.body.nodes ?? []).flatMap(idsOf)];
}

/** A free edge id that tells what it joins. */
export function edgeId(
  taken: ReadonlySet<string>,
  source: string,
  handle: string | null,
  target: string,
): string {
  const base = `${source}${handle === null ? "" : `.${handle}`}-${target}`;
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) {
    if (!taken.has(`${base}-${number}`)) return `${base}-${number}`;
  }
}

export function edgeIds(flow: FlowDefinition): Set<string> {
  return new Set(flow.edges.map((edge) => edge.id));
}
