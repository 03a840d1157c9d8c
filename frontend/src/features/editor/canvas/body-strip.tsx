"use client";

/** The foot of a node that runs a body: how many steps it has, how far a run is with it, and the way in. */
import { CornerDownRight } from "lucide-react";
import type { NodeOverlay } from "@/lib/events";
import { openBody, stepsWord } from "../actions";
import { useEditor, useEditorStore } from "../context";
import { nodeName, type FlowNode } from "../model/definition";
import { bodySize } from "../model/levels";

export function BodyStrip({ node, run }: { node: FlowNode; run: NodeOverlay | undefined }) {
  const store = useEditorStore();
  const steps = useEditor(({ types }) => bodySize(node, types));
  return (
    <div className="border-t px-3 py-1.5 text-xs text-muted">
      <div className="flex h-6 items-center gap-2">
        <span className="min-w-0 flex-1 truncate">{stepsWord(steps)}</span>
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
      {run?.iterations != null && run.iterations > 1 && <Progress run={run} />}
    </div>
  );
}

/** "7 of 20, 1 failed", and the same as a thin line. */
function Progress({ run: { iterations, passes } }: { run: NodeOverlay }) {
  const total = iterations ?? 0;
  const share = (count: number) => `${(count / Math.max(1, total)) * 100}%`;
  return (
    <div className="mt-1">
      <p className="flex gap-1.5 tabular-nums">
        <span>
          {passes.over} of {total}
        </span>
        {passes.failed > 0 && <span className="text-failed">{passes.failed} failed</span>}
      </p>
      <span aria-hidden className="mt-1 flex h-1 overflow-hidden rounded-full bg-sunken">
        <span className="bg-completed" style={{ width: share(passes.over - passes.failed) }} />
        <span className="bg-failed" style={{ width: share(passes.failed) }} />
      </span>
    </div>
  );
}
