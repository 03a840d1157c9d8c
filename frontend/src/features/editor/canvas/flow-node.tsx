"use client";

/** A node on the canvas. From afar it has fewer words, and always how it fares and whether something is wrong. */
import { useUpdateNodeInternals, type NodeProps } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import { cn } from "@/lib/cn";
import { useEditor, useEditorContext, useFlowNode, useNodeOverlay } from "../context";
import type { CanvasNode } from "../model/canvas";
import { nodeName } from "../model/definition";
import { acceptsInput, portsOf, type Port } from "../model/node-types";
import { summarize } from "../model/summary";
import { hasBody } from "../model/levels";
import { NodeIcon } from "../node-icon";
import { useAcceptance } from "./acceptance";
import { BodyStrip } from "./body-strip";
import { useDetail } from "./detail";
import { BlockNode, frames, NamedNode } from "./far-node";
import { NodeProgress, StatusRing } from "./node-progress";
import { InputPort, OutputPorts } from "./ports";
import { ProblemMark, useNodeProblem } from "./problem-mark";

export const FlowNodeCard = memo(function FlowNodeCard({
  id,
  data,
  selected,
  height,
}: NodeProps<CanvasNode>) {
  const node = useFlowNode(id) ?? data.node;
  const { names, readOnly } = useEditorContext();
  const types = useEditor((state) => state.types);
  const overlay = useNodeOverlay(id);
  const detail = useDetail();
  const acceptance = useAcceptance(id);
  const problem = useNodeProblem(id);
  const type = types.get(node.type);
  const ports = portsOf(node, types);
  usePortsMeasured(id, ports);
  const name = nodeName(node);
  const status = overlay?.status;
  const far = {
    name,
    type,
    status: status === "pending" ? undefined : status,
    problem: readOnly ? undefined : problem,
  };
  return (
    <div
      data-refuses={acceptance === "refuses" || undefined}
      data-status={status}
      // From afar it keeps the room that its words have.
      style={detail !== "full" && height ? { height } : undefined}
      className={cn(
        "w-60 rounded-md border bg-raised transition-[border-color,opacity]",
        frames[status ?? "pending"],
        detail !== "full" && far.problem === "error" && !far.status && "border-failed",
        selected && "border-accent-text ring-1 ring-accent-text hover:border-accent-text",
        selected && detail !== "full" && "ring-8",
        status === "skipped" && detail === "full" && "opacity-60",
      )}
    >
      {detail !== "block" && acceptsInput(node, types) && (
        <InputPort name={name} acceptance={acceptance} />
      )}
      {detail === "block" && <BlockNode status={far.status} problem={far.problem} />}
      {detail === "name" && <NamedNode {...far} />}
      {detail === "full" && (
        <div className="flex h-15.5 items-center gap-2.5 px-3">
          <span className="relative inline-flex">
            <NodeIcon type={type} />
            <StatusRing overlay={overlay} />
          </span>
          <div className="min-w-0 flex-1">
            <p dir="auto" className="truncate font-medium">
              {name}
            </p>
            <p dir="auto" className="truncate text-xs text-muted">
              {summarize(node, names, type?.description ?? `Unknown type ${node.type}`)}
            </p>
          </div>
          {!readOnly && <ProblemMark id={id} />}
        </div>
      )}
      <OutputPorts
        name={name}
        ports={ports}
        active={status === "completed" ? overlay?.handle : undefined}
        detail={detail}
      />
      {detail === "full" && hasBody(node, types) && <BodyStrip node={node} overlay={overlay} />}
      {detail === "full" && overlay && <NodeProgress overlay={overlay} />}
    </div>
  );
});

/** React Flow measures a node's ports when it first draws it; later changes it must be told. */
function usePortsMeasured(id: string, ports: Port[]) {
  const update = useUpdateNodeInternals();
  const key = ports.map((port) => port.handle).join("\n");
  const measured = useRef(key);
  useEffect(() => {
    if (measured.current === key) return;
    measured.current = key;
    update(id);
  }, [id, key, update]);
}
