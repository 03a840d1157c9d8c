/** The tile with a node's icon; its hue tells the group, and nothing else carries it. */
import type { ReactNode } from "react";
import { cn } from "@/lib/cn";

export type NodeGroup = "flow" | "agents" | "models" | "tools" | "logic" | "people";

const hues: Record<NodeGroup, string> = {
  flow: "bg-group-flow/12 text-group-flow",
  agents: "bg-group-agents/12 text-group-agents",
  models: "bg-group-models/12 text-group-models",
  tools: "bg-group-tools/12 text-group-tools",
  logic: "bg-group-logic/12 text-group-logic",
  people: "bg-group-people/12 text-group-people",
};

type IconTileProps = { group: NodeGroup; children: ReactNode; className?: string };

export function IconTile({ group, children, className }: IconTileProps) {
  return (
    <span
      aria-hidden
      className={cn(
        "inline-flex size-7 shrink-0 items-center justify-center rounded-md [&_svg]:size-4",
        hues[group],
        className,
      )}
    >
      {children}
    </span>
  );
}
