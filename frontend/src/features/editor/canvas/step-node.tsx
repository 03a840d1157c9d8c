"use client";

/** A node on the canvas; far away it is only a block with its icon and name. */
import { useStore, useUpdateNodeInternals, type NodeProps } from "@xyflow/react";
import { TriangleAlert } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import { Tooltip } from "@/components/tooltip";
import { cn } from "@/lib/cn";
import { useEditor, useEditorContext, useNodeRun } from "../context";
import type { CanvasNode } from "../model/canvas";
import { fieldWords } from "../inspector/presentation";
import { nodeName } from "../model/definition";
import { acceptsInput, portsOf, type Port } from "../model/node-types";
import type { Problem } from "../model/problems";
import { summarize } from "../model/summary";
import { hasBody } from "../model/levels";
import { NodeIcon } from "../node-icon";
import { BodyStrip } from "./body-strip";
import { NodeRun, StatusRing } from "./node-run";
import { InputPort, OutputPorts, useAcceptance } from "./ports";

/** Below this zoom words cannot be read. */
const READABLE = 0.45;
const NONE: Problem[] = [];

export const StepNode = memo(function StepNode({
  id,
  data,
  selected,
  height,
}: NodeProps<CanvasNode>) {
  const { node } = data;
  const { names, readOnly } = useEditorContext();
  const types = useEditor((state) => state.types);
  const run = useNodeRun(id);
  const far = useStore((state) => state.transform[2] < READABLE);
  const acceptance = useAcceptance(id);
  const type = types.get(node.type);
  const ports = portsOf(node, types);
  usePortsMeasured(id, ports);
  const name = nodeName(node);
  return (
    <div
      data-refuses={acceptance === "refuses" || undefined}
      style={far && height ? { height } : undefined}
      className={cn(
        "w-60 rounded-md border border-control/60 bg-surface transition-[border-color,opacity] hover:border-control",
        selected && "border-accent-text ring-1 ring-accent-text hover:border-accent-text",
        run?.status === "skipped" && "opacity-60",
      )}
    >
      {acceptsInput(node, types) && <InputPort name={name} acceptance={acceptance} />}
      {far ? (
        <div className="flex h-15.5 items-center gap-3 px-3">
          <NodeIcon type={type} className="size-10 [&_svg]:size-6" />
          <span className="truncate text-[1.375rem] font-medium">{name}</span>
        </div>
      ) : (
        <div className="flex h-15.5 items-center gap-2.5 px-3">
          <span className="relative inline-flex">
            <NodeIcon type={type} />
            <StatusRing run={run} />
          </span>
          <div className="min-w-0 flex-1">
            <p className="truncate font-medium">{name}</p>
            <p className="truncate text-xs text-muted">
              {summarize(node, names, type?.description ?? `Unknown type ${node.type}`)}
            </p>
          </div>
          {!readOnly && <ProblemMark id={id} />}
        </div>
      )}
      <OutputPorts
        name={name}
        ports={ports}
        active={run?.status === "completed" ? run.handle : undefined}
        bare={far}
      />
      {!far && hasBody(node, types) && <BodyStrip node={node} run={run} />}
      {run && !far && <NodeRun run={run} />}
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

/** A mark whose tooltip says what to mend. */
function ProblemMark({ id }: { id: string }) {
  const own = useEditor(({ fresh, problemIndex }) =>
    fresh === id ? NONE : (problemIndex.nodes.get(id) ?? NONE),
  );
  const depth = useEditor(({ level }) => level.length + 1);
  const [first] = own;
  if (!first) return null;
  const wrong = own.some((problem) => problem.severity === "error");
  const words = `${own.length} ${own.length === 1 ? "problem" : "problems"}`;
  return (
    <Tooltip
      side="top"
      label={
        <span className="flex flex-col gap-1">
          {own.slice(0, 4).map(({ node_id, field, message }, index) => {
            const inside = (node_id?.split(".").length ?? 0) > depth && "In its body";
            const words = [inside, fieldWords(field), message];
            return <span key={index}>{words.filter(Boolean).join(": ")}</span>;
          })}
        </span>
      }
    >
      <span
        role="img"
        aria-label={`${words}: ${first.message}`}
        className={cn("inline-flex shrink-0", wrong ? "text-failed" : "text-waiting")}
      >
        <TriangleAlert aria-hidden className="size-4" />
      </span>
    </Tooltip>
  );
}
