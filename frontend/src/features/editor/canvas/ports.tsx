"use client";

/** The connection points of a node: one at the left, and named ones at the right. */
import { Handle, Position } from "@xyflow/react";
import { cn } from "@/lib/cn";
import { INPUT_PORT, toPort } from "../model/canvas";
import { ERROR_HANDLE } from "../model/definition";
import { HEAD_MIDDLE } from "../model/measures";
import type { Port } from "../model/node-types";
import type { Acceptance } from "./acceptance";
import type { Detail } from "./detail";

export function InputPort({ name, acceptance }: { name: string; acceptance: Acceptance }) {
  return (
    <Handle
      id={INPUT_PORT}
      type="target"
      position={Position.Left}
      style={{ top: HEAD_MIDDLE }}
      role="img"
      aria-label={`Input of ${name}`}
      data-accepts={acceptance === "accepts" || undefined}
    />
  );
}

type OutputPortsProps = {
  name: string;
  ports: Port[];
  /** The port that became active in the execution that is shown. */
  active?: string | null;
  detail: Detail;
};

export function OutputPorts({ name, ports, active, detail }: OutputPortsProps) {
  const [only] = ports;
  if (!only) return null;
  if (ports.length === 1 && only.handle === null) {
    return <Source name={name} port={only} top={HEAD_MIDDLE} />;
  }
  return (
    <ul className="border-t py-1">
      {ports.map((port) => (
        <li
          key={port.handle}
          className="relative flex h-6 items-center justify-end gap-1.5 pr-3.5 pl-3 text-xs"
        >
          {detail !== "block" && (
            <span
              dir="auto"
              className={cn(
                "truncate",
                detail === "name" && "text-[1.25rem]/6",
                port.handle === ERROR_HANDLE ? "text-failed" : "text-muted",
                active !== undefined && active === port.handle && "font-medium text-completed",
              )}
            >
              {port.handle === null ? "then" : port.label}
            </span>
          )}
          <Source name={name} port={port} />
        </li>
      ))}
    </ul>
  );
}

function Source({ name, port, top }: { name: string; port: Port; top?: number }) {
  return (
    <Handle
      id={toPort(port.handle)}
      type="source"
      position={Position.Right}
      style={top === undefined ? undefined : { top }}
      role="img"
      aria-label={port.handle === null ? `Output of ${name}` : `Branch ${port.label} of ${name}`}
    />
  );
}
