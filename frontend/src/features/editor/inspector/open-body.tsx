"use client";

/** The way from a node's form into its body; also there for those who may only look. */
import { CornerDownRight } from "lucide-react";
import { Button } from "@/components/button";
import { openBody, nodesWord } from "../actions";
import { useEditor, useEditorStore } from "../context";
import type { FlowNode } from "../model/definition";
import { bodyFlow } from "../model/levels";

export function OpenBody({ node }: { node: FlowNode }) {
  const store = useEditorStore();
  const size = useEditor(({ flow, types }) => bodyFlow(flow, node, types)?.nodes.length ?? null);
  if (size === null) return null;
  return (
    <div data-field="config.body" className="mb-4 flex items-center gap-3">
      <Button onClick={() => openBody(store, node.id)}>
        <CornerDownRight aria-hidden />
        Open body
      </Button>
      <span className="text-muted">{nodesWord(size)}</span>
    </div>
  );
}
