/** The tile with the icon and hue of a node type. */
import { createElement } from "react";
import { IconTile } from "@/components/icon-tile";
import { iconOf } from "./icons";
import type { NodeTypeInfo } from "./model/node-types";

type NodeIconProps = { type: NodeTypeInfo | undefined; className?: string };

export function NodeIcon({ type, className }: NodeIconProps) {
  return (
    <IconTile group={type?.group ?? "flow"} className={className}>
      {createElement(iconOf(type?.icon))}
    </IconTile>
  );
}
