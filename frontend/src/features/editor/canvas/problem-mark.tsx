"use client";

/** The sign on a node that something is wrong with it; its tooltip says what to mend. */
import { TriangleAlert } from "lucide-react";
import { Tooltip } from "@/components/tooltip";
import { cn } from "@/lib/cn";
import { useEditor } from "../context";
import { fieldWords } from "../inspector/presentation";
import type { Problem, Severity } from "../model/problems";

const NONE: Problem[] = [];

/** The worst of the node's problems; what is empty in a node just added is none yet. */
export function useNodeProblem(id: string): Severity | undefined {
  return useEditor(({ fresh, problemIndex }) => {
    const own = fresh === id ? NONE : (problemIndex.nodes.get(id) ?? NONE);
    if (own.length === 0) return undefined;
    return own.some(({ severity }) => severity === "error") ? "error" : "warning";
  });
}

export function ProblemMark({ id }: { id: string }) {
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
