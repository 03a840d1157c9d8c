"use client";

/** The foot of a node that runs a body: how many nodes it has, how far an execution is with it, and the way in. */
import { CornerDownRight } from "lucide-react";
import type { NodeOverlay } from "@/lib/events";
import { openBody, nodesWord } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { nodeName, type FlowNode } from "../model/definition";
import { bodySize } from "../model/levels";

export function BodyStrip({ node, overlay }: { node: FlowNode; overlay: NodeOverlay | undefined }) {
  const store = useEditorStore();
  const size = useEditor(({ types }) => bodySize(node, types));
  return (
    <div className="border-t px-3 py-1.5 text-xs text-muted">
      <div className="flex h-6 items-center gap-2">
        <span className="min-w-0 flex-1 truncate">{nodesWord(size)}</span>
        <button
          type="button"
          aria-label={`Open the body of ${nodeName(node)}`}
          onClick={(event) => {
            event.stopPropagation();
            openBody(store, node.id);
          }}
          className="nodrag flex h-6 items-center gap-1 rounded-sm px-1 hover:bg-hover hover:text-text"
        >
          <CornerDownRight aria-hidden className="size-3.5" />
          Open body
        </button>
      </div>
      {overlay?.iterations != null && overlay.iterations > 1 && <Progress overlay={overlay} />}
    </div>
  );
}

/** "7 of 20, 1 failed", and the same as a thin line. */
function Progress({ overlay: { iterations, iterationCounts } }: { overlay: NodeOverlay }) {
  const total = iterations ?? 0;
  const share = (count: number) => `${(count / Math.max(1, total)) * 100}%`;
  return (
    <div className="mt-1">
      <p className="flex gap-1.5 tabular-nums">
        <span>
          {iterationCounts.over} of {total}
        </span>
        {iterationCounts.failed > 0 && (
          <span className="text-failed">{iterationCounts.failed} failed</span>
        )}
      </p>
      <span aria-hidden className="mt-1 flex h-1 overflow-hidden rounded-full bg-sunken">
        <span
          className="bg-completed"
          style={{ width: share(iterationCounts.over - iterationCounts.failed) }}
        />
        <span className="bg-failed" style={{ width: share(iterationCounts.failed) }} />
      </span>
    </div>
  );
}
