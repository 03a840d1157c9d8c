/** Ids that fit the definition's rules and are not taken yet. */
import { ID_PATTERN, type FlowDefinition } from "./definition";

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
