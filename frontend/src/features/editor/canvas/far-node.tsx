"use client";

/** A node seen from afar: its name in large words, and how it fares as a colour and a sign that need no words. */
import { TriangleAlert } from "lucide-react";
import { statusLooks, type Status } from "@/components/status-badge";
import { cn } from "@/lib/cn";
import type { NodeTypeInfo } from "../model/node-types";
import type { Severity } from "../model/problems";
import { NodeIcon } from "../node-icon";

type FarNodeProps = {
  name: string;
  type: NodeTypeInfo | undefined;
  /** Undefined where no execution is shown, and before it reaches the node. */
  status: Status | undefined;
  /** The worst of its problems; undefined for none. */
  problem: Severity | undefined;
};

/** With its name. */
export function NamedNode({ name, type, status, problem }: FarNodeProps) {
  return (
    <div className={cn("flex h-15.5 items-center gap-2 rounded-md px-2.5", tint(status))}>
      <NodeIcon type={type} className="size-9 [&_svg]:size-6" />
      <span
        dir="auto"
        className="line-clamp-2 min-w-0 flex-1 text-[1.5rem]/7 font-medium break-words"
      >
        {name}
      </span>
      {problem && <ProblemSign severity={problem} className="size-8 stroke-[2.25]" />}
      {status && <StatusSign status={status} className="size-9 stroke-[2.25]" />}
    </div>
  );
}

/** Its sign alone: how it fares and whether something is wrong with it. Its looks are in canvas.css. */
export function BlockNode({ status, problem }: Pick<FarNodeProps, "status" | "problem">) {
  const words = [status && statusLooks[status].word, problem && problemWords[problem]];
  const said = words.filter(Boolean).join(", ");
  return (
    <div
      className="wb-block"
      data-sign={status}
      data-problem={problem}
      {...(said ? { role: "img", "aria-label": said, title: said } : {})}
    />
  );
}

const problemWords: Record<Severity, string> = {
  error: "Has problems",
  warning: "Has warnings",
};

type SignProps = { className: string };

function StatusSign({ status, className }: SignProps & { status: Status }) {
  const { word, icon: Icon, text } = statusLooks[status];
  return (
    <span title={word} className={cn("inline-flex shrink-0", text)}>
      <Icon aria-hidden className={className} />
      <span className="sr-only">{word}</span>
    </span>
  );
}

function ProblemSign({ severity, className }: SignProps & { severity: Severity }) {
  const word = problemWords[severity];
  return (
    <span
      title={word}
      className={cn("inline-flex shrink-0", severity === "error" ? "text-failed" : "text-waiting")}
    >
      <TriangleAlert aria-hidden className={className} />
      <span className="sr-only">{word}</span>
    </span>
  );
}

function tint(status: Status | undefined): string | undefined {
  return status && tints[status];
}

const tints: Record<Status, string> = {
  pending: "",
  running: "bg-running-soft",
  waiting: "bg-waiting-soft",
  completed: "bg-completed-soft",
  failed: "bg-failed-soft",
  skipped: "bg-idle-soft",
  cancelled: "bg-idle-soft",
};

/** The border of a node, at every distance. */
export const frames: Record<Status, string> = {
  pending: "border-control hover:border-text",
  running: "border-running",
  waiting: "border-waiting",
  completed: "border-completed",
  failed: "border-failed",
  skipped: "border-control/60 border-dashed",
  cancelled: "border-idle",
};
