"use client";

/** How many problems the flow has, and the list that leads to each. */
import { useReactFlow } from "@xyflow/react";
import { CircleCheck, CircleX, TriangleAlert } from "lucide-react";
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

/** Why the list is shown: somebody asked for it, or for what the problems stand in the way of. */
export type ProblemsShown = "list" | "run" | "publish";

const REASONS: Record<ProblemsShown, string | null> = {
  list: null,
  run: "The flow was not run. Fix these errors first:",
  publish: "The flow was not published. Fix these errors first:",
};

type ProblemsButtonProps = {
  /** Null while it is closed. */
  shown: ProblemsShown | null;
  onShow: (shown: ProblemsShown | null) => void;
};

export function ProblemsButton({ shown, onShow }: ProblemsButtonProps) {
  const problems = useEditor((state) => state.problems);
  const errors = problems.filter(isError).length;
  const reason = shown && REASONS[shown];
  return (
    <Popover
      open={shown !== null}
      onOpenChange={(open) => onShow(open ? "list" : null)}
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
        <p className="px-2 py-1.5 text-muted">The flow is ready to run.</p>
      ) : (
        <>
          {reason && (
            <p role="alert" className="px-2 py-1.5 font-medium">
              {reason}
            </p>
          )}
          <ul className="max-h-96 overflow-y-auto">
            {errorsFirst(problems).map((problem, index) => (
              <li key={index}>
                <Entry problem={problem} onGo={() => onShow(null)} />
              </li>
            ))}
          </ul>
        </>
      )}
    </Popover>
  );
}

export const isError = ({ severity }: Problem) => severity === "error";

function errorsFirst(problems: Problem[]): Problem[] {
  return [...problems.filter(isError), ...problems.filter((problem) => !isError(problem))];
}

function Entry({ problem, onGo }: { problem: Problem; onGo: () => void }) {
  const store = useEditorStore();
  const { setCenter, getZoom } = useReactFlow();
  const { node_id, edge_id } = problem;
  const whole = useEditor((state) => state.history.present);
  const types = useEditor((state) => state.types);
  const place = placeWords(whole, problem, types);
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
        {place && <span className="block truncate text-xs text-muted">{place}</span>}
        <span className="block break-words">
          <CodeText text={problem.message} />
        </span>
      </span>
    </button>
  );
}

/** "Coordinator · Task, expected output": where a problem is, in the flow's own words; empty for the flow as a whole. */
export function placeWords(
  whole: FlowDefinition,
  { node_id, field }: Pick<Problem, "node_id" | "field">,
  types: NodeTypes,
): string {
  const nodes = node_id ? nodesOn(whole, node_id, types) : [];
  return nodes.length === 0
    ? ""
    : [...nodes.map(nodeName), fieldWords(field)].filter(Boolean).join(" · ");
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
