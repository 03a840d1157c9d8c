/** Node types in their groups, and finding them by words. */
import type { Found } from "@/lib/search";
import type { NodeGroup, NodeTypeInfo } from "../model/node-types";

const titles: Record<NodeGroup, string> = {
  flow: "Flow",
  agents: "Agents",
  models: "Models",
  logic: "Logic",
  tools: "Tools",
  people: "People",
};

export type Group = { group: NodeGroup; title: string; items: NodeTypeInfo[] };

/** The groups that have something in them, in a fixed order, or as their first types come when those are `ranked`. */
export function grouped(types: NodeTypeInfo[], isRanked = false): Group[] {
  const first = new Set(types.map(({ group }) => group));
  return (isRanked ? [...first] : (Object.keys(titles) as NodeGroup[]))
    .map((group) => ({
      group,
      title: titles[group],
      items: types.filter((type) => type.group === group),
    }))
    .filter(({ items }) => items.length > 0);
}

/** What a type is found by. */
export function foundBy({ kind, title, keywords, description }: NodeTypeInfo): Found {
  return { name: title, words: [kind, ...keywords], text: description };
}
