/** Node types in their groups, and finding them by words. */
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

/** The groups that have something in them, in a fixed order. */
export function grouped(types: NodeTypeInfo[]): Group[] {
  return (Object.keys(titles) as NodeGroup[])
    .map((group) => ({
      group,
      title: titles[group],
      items: types.filter((type) => type.group === group),
    }))
    .filter(({ items }) => items.length > 0);
}

/** Whether each word typed stands somewhere in what is said about the type. */
export function matches(type: NodeTypeInfo, search: string): boolean {
  const text = `${type.title} ${type.kind} ${type.description}`.toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
