"use client";

/** How many problems the flow has, and the list that leads to each. */
import { useReactFlow } from "@xyflow/react";
import { CircleCheck, CircleX, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { Button } from "@/components/button";
import { CodeText } from "@/components/code-text";
import { Popover } from "@/components/popover";
import { MOVE_DURATION } from "../canvas/canvas-tools";
import { useEditor, useEditorStore } from "../context";
import { fieldWords } from "../inspector/presentation";
import { findNode, nodeName, type FlowDefinition, type FlowNode } from "../model/definition";
import { framePath, readLevel } from "../model/levels";
import type { NodeTypes } from "../model/node-types";
import type { Problem } from "../model/problems";

export function ProblemsButton() {
  const problems = useEditor((state) => state.problems);
  const [open, setOpen] = useState(false);
  const errors = problems.filter((problem) => problem.severity === "error").length;
  return (
    <Popover
      open={open}
      onOpenChange={setOpen}
      align="end"
      label="Problems"
      className="w-96 p-1"
      trigger={
        <Button variant="ghost">
          {problems.length === 0 ? (
            <CircleCheck aria-hidden className="text-completed" />
          ) : (
            <TriangleAlert aria-hidden className={errors > 0 ? "text-failed" : "text-waiting"} />
          )}
          {problems.length === 0 ? (
            <span className="max-xl:sr-only">No problems</span>
          ) : (
            <span>
              <span className="max-xl:sr-only">Problems </span>({problems.length})
            </span>
          )}
        </Button>
      }
    >
      {problems.length === 0 ? (
        <p className="px-2 py-1.5 text-muted">Nothing stands in the way of a run.</p>
      ) : (
        <ul className="max-h-96 overflow-y-auto">
          {problems.map((problem, index) => (
            <li key={index}>
              <Entry problem={problem} onGo={() => setOpen(false)} />
            </li>
          ))}
        </ul>
      )}
    </Popover>
  );
}

function Entry({ problem, onGo }: { problem: Problem; onGo: () => void }) {
  const store = useEditorStore();
  const { setCenter, getZoom } = useReactFlow();
  const { node_id, edge_id } = problem;
  const whole = useEditor((state) => state.history.present);
  const types = useEditor((state) => state.types);
  const nodes = node_id ? nodesOn(whole, node_id, types) : [];
  const Icon = problem.severity === "error" ? CircleX : TriangleAlert;

  function go() {
    onGo();
    const { level: before, open, select, setFocus } = store.getState();
    const ids = node_id?.split(".") ?? [];
    // The edge of a body is told with the node whose body it is.
    const way = edge_id ? ids : ids.slice(0, -1);
    const level = way.map((node, depth) => ({
      node,
      iteration: before[depth]?.node === node ? before[depth].iteration : 0,
    }));
    if (framePath(level) !== framePath(before)) open(level);
    const { flow } = store.getState();
    const own = ids.at(-1);
    const edge = flow.edges.find((it) => it.id === edge_id);
    const at = flow.layout[edge?.source ?? own ?? ""];
    if (at) void setCenter(at.x + 120, at.y + 32, { zoom: getZoom(), duration: MOVE_DURATION });
    if (edge_id) return select([], [edge_id]);
    if (!own) return;
    select([own]);
    setFocus({ nodeId: own, field: problem.field ?? null });
  }
  return (
    <button
      type="button"
      onClick={go}
      className="flex w-full items-start gap-2 rounded-sm px-2 py-1.5 text-left hover:bg-hover"
    >
      <Icon
        aria-label={problem.severity === "error" ? "Error" : "Warning"}
        className={`mt-0.5 size-4 shrink-0 ${problem.severity === "error" ? "text-failed" : "text-waiting"}`}
      />
      <span className="min-w-0">
        {nodes.length > 0 && (
          <span className="block truncate text-xs text-muted">
            {[...nodes.map(nodeName), fieldWords(problem.field)].filter(Boolean).join(" · ")}
          </span>
        )}
        <span className="block break-words">
          <CodeText text={problem.message} />
        </span>
      </span>
    </button>
  );
}

/** The nodes on the way to the one a problem is about, itself last. */
function nodesOn(whole: FlowDefinition, path: string, types: NodeTypes): FlowNode[] {
  const ids = path.split(".");
  return ids.flatMap((id, depth) => {
    const level = ids.slice(0, depth).map((node) => ({ node, iteration: 0 }));
    const flow = readLevel(whole, level, types);
    return (flow && findNode(flow, id)) ?? [];
  });
}
