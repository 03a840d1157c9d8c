"use client";

/** A remark on the canvas: Markdown on a sheet that grows with its text, without ports. */
import type { NodeProps } from "@xyflow/react";
import { memo } from "react";
import { Markdown } from "@/components/markdown";
import { cn } from "@/lib/cn";
import { useFlowNode } from "../context";
import { NODE_WIDTH } from "../model/measures";
import type { CanvasNode } from "../model/canvas";

export const NoteNode = memo(function NoteNode({ id, data, selected }: NodeProps<CanvasNode>) {
  const { config } = useFlowNode(id) ?? data.node;
  const text = typeof config.text === "string" ? config.text : "";
  return (
    <div
      style={{ minWidth: NODE_WIDTH }}
      className={cn(
        "max-w-100 rounded-md border border-waiting/40 bg-waiting-soft px-3 py-2",
        selected && "border-accent-text ring-1 ring-accent-text",
      )}
    >
      {text.trim() === "" ? (
        <p className="text-muted">Write a note here.</p>
      ) : (
        <Markdown text={text} />
      )}
    </div>
  );
});
